import { REQUIRED_CAPABILITIES_ANNOTATION } from "../../src/vm-operator/checks/capabilities.ts";
import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import type { Image } from "../../src/images/image.ts";

import { errorMessage } from "../../src/references/field-error.ts";
import type { Endpoint } from "../../src/references/target.ts";
import { answer, request, type RequestFacts, type VirtualMachine } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const image = (kind: unknown, name: unknown): object => ({ kind, name });
const NOT_READY = { is: "notReady", condition: "Ready", reason: "NotSynced", message: "still copying" } as const;
const CAPABILITIES = "vm-image-webhook.dev/required-capabilities";

const IMAGES: readonly Image[] = [
  vmi("vmi-a", "ubuntu", { library: "cl-a", capabilities: ["cloud-init"] }),
  vmi("vmi-p", "photon", { library: "cl-a" }),
  vmi("vmi-q", "photon", { library: "cl-b" }),
  cvmi("vmi-c", "rocky"),
  vmi("vmi-n", "debian", { readiness: NOT_READY }),
  vmi("vmi-m", "mint", { readiness: { is: "notReady", condition: "Ready", reason: "", message: "" } }),
  vmi("vmi-d", "doomed", { terminating: true }),
  vmi("vmi-iso", "installer", { type: "ISO", firmware: undefined }),
  ...["1", "2", "3", "4", "5", "6", "7"].map((n) => vmi(`vmi-${n}`, "many", n === "7" ? {} : { library: `cl-${n}` })),
];

interface Row {
  readonly check: string;
  readonly title: string;
  readonly endpoints?: readonly Endpoint[];
  readonly object: VirtualMachine;
  readonly facts?: RequestFacts;
  readonly policy?: Partial<AdmissionPolicy>;
  /** `FIELD: MESSAGE` of each error. */
  readonly messages: readonly string[];
}

const BOTH: readonly Endpoint[] = ["mutate", "validate"];
const VALIDATE: readonly Endpoint[] = ["validate"];
const PRIVILEGED = { user: { name: "admin", groups: ["system:masters"] } };

const ROWS: readonly Row[] = [
  {
    check: "exists",
    title: "a typo is refused with a suggestion",
    object: { spec: { imageName: "ubunto" } },
    messages: [
      'spec.imageName: Not found: "ubunto": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu" (vmi-a)?',
    ],
  },
  {
    check: "exists",
    title: "an unknown name without a similar one is refused with the command that lists images",
    object: { spec: { imageName: "windows" } },
    messages: [
      'spec.imageName: Not found: "windows": no image in namespace "dev" or the cluster has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
  },
  {
    check: "exists",
    title: "a name of an image of the other kind is refused with that kind",
    object: { spec: { image: image(VMI, "rocky") } },
    messages: [
      'spec.image.name: Not found: "rocky": no VirtualMachineImage in namespace "dev" has this display name or object name; did you mean "rocky" (vmi-c) of kind ClusterVirtualMachineImage?',
    ],
  },
  {
    check: "exists",
    title: "an unknown name of the cluster kind is refused",
    object: { spec: { image: image(CVMI, "zzzzzzz") } },
    messages: [
      'spec.image.name: Not found: "zzzzzzz": no ClusterVirtualMachineImage has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
  },
  {
    check: "exists",
    title: "a display name in two libraries is refused with both IDs and LIBRARY/NAME",
    object: { spec: { imageName: "photon" } },
    messages: [
      'spec.imageName: Invalid value: "photon": ambiguous: 2 images in namespace "dev" have this display name: vmi-p (cl-a), vmi-q (cl-b); use one of these IDs, or LIBRARY/NAME',
    ],
  },
  {
    check: "exists",
    title:
      "an ambiguous name lists five images and counts the rest, without LIBRARY/NAME where an image has no library",
    object: { spec: { imageName: "many" } },
    messages: [
      'spec.imageName: Invalid value: "many": ambiguous: 7 images in namespace "dev" have this display name: vmi-1 (cl-1), vmi-2 (cl-2), vmi-3 (cl-3), vmi-4 (cl-4), vmi-5 (cl-5) and 2 more; use one of these IDs',
    ],
  },
  {
    check: "exists",
    title: "strict resolution names the sort of name that it searched",
    policy: { resolution: "strict" },
    object: { spec: { imageName: "vmi-zzzzzz" } },
    messages: [
      'spec.imageName: Not found: "vmi-zzzzzz": no image in namespace "dev" or the cluster has this object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
  },
  {
    check: "exists",
    title: "strict resolution suggests no LIBRARY/NAME",
    policy: { resolution: "strict" },
    object: { spec: { imageName: "photon" } },
    messages: [
      'spec.imageName: Invalid value: "photon": ambiguous: 2 images in namespace "dev" have this display name: vmi-p (cl-a), vmi-q (cl-b); use one of these IDs',
    ],
  },
  {
    check: "exists",
    title: "only image is resolved where it decides",
    object: { spec: { imageName: "ubuntu", image: image(VMI, "nothing-here") } },
    messages: [
      'spec.image.name: Not found: "nothing-here": no VirtualMachineImage in namespace "dev" has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
  },
  {
    check: "kind",
    title: "an unsupported kind is refused with the supported ones",
    object: { spec: { image: image("Image", "vmi-a") } },
    messages: [
      'spec.image.kind: Unsupported value: "Image": write "VirtualMachineImage"; supported values: "VirtualMachineImage", "ClusterVirtualMachineImage"',
    ],
  },
  {
    check: "kind",
    title: "an empty kind at /validate is refused",
    endpoints: VALIDATE,
    object: { spec: { image: image("", "vmi-a") } },
    messages: [
      'spec.image.kind: Required value: write "VirtualMachineImage"; supported values: "VirtualMachineImage", "ClusterVirtualMachineImage"',
    ],
  },
  {
    check: "kind",
    title: "an unsupported kind is refused without a kind to write where no image has the name",
    object: { spec: { image: { kind: "Image", name: "no-such-image" } } },
    messages: [
      'spec.image.kind: Unsupported value: "Image": supported values: "VirtualMachineImage", "ClusterVirtualMachineImage"',
    ],
  },
  {
    check: "agree",
    title: "an imageName of another image than image is refused",
    object: { spec: { imageName: "ubuntu", image: image(CVMI, "vmi-c") } },
    messages: [
      'spec.imageName: Invalid value: "ubuntu": spec.image names another image, "vmi-c" (rocky); write that here or leave one of the two out',
    ],
  },
  {
    check: "agree",
    title: "an imageName that names no image is refused without the remedy to keep it alone",
    object: { spec: { imageName: "no-such-image", image: image(CVMI, "vmi-c") } },
    messages: [
      'spec.imageName: Invalid value: "no-such-image": spec.image names another image, "vmi-c" (rocky); write that here or leave this field out',
    ],
  },
  {
    check: "required",
    title: "a machine without an image is refused",
    endpoints: VALIDATE,
    object: { spec: { className: "small" } },
    messages: [
      "spec.imageName: Required value: the VM has nothing to boot from; write the display name or VMI ID of an image (kubectl get vmi,cvmi -n dev lists them)",
    ],
  },
  {
    check: "required",
    title: "a machine without an image is admitted at /mutate",
    endpoints: ["mutate"],
    object: { spec: {} },
    messages: [],
  },
  {
    check: "required",
    title: "a machine without a spec is refused",
    endpoints: VALIDATE,
    object: {},
    messages: [
      "spec.imageName: Required value: the VM has nothing to boot from; write the display name or VMI ID of an image (kubectl get vmi,cvmi -n dev lists them)",
    ],
  },
  {
    check: "required",
    title: "an image with a kind and no name is refused",
    endpoints: VALIDATE,
    object: { spec: { imageName: "ubuntu", image: { kind: VMI } } },
    messages: [
      "spec.image.name: Required value: a kind alone names no image; write the display name or VMI ID of an image (kubectl get vmi,cvmi -n dev lists them)",
    ],
  },
  {
    check: "required",
    title: "a privileged caller may create a machine without an image",
    facts: PRIVILEGED,
    object: { spec: {} },
    messages: [],
  },
  {
    check: "required",
    title: "a machine with only a CD-ROM is admitted",
    object: { spec: { guestID: "g", hardware: { cdrom: [{ name: "c", image: image(VMI, "vmi-iso") }] } } },
    messages: [],
  },
  {
    check: "required",
    title: "a machine with only a CD-ROM is admitted in v1alpha4",
    facts: { version: "v1alpha4" },
    object: { spec: { guestID: "g", cdrom: [{ name: "c", image: image(VMI, "vmi-iso") }] } },
    messages: [],
  },
  {
    check: "required",
    title: "a CD-ROM without an image is refused",
    endpoints: VALIDATE,
    object: { spec: { imageName: "vmi-a", guestID: "ubuntu64Guest", hardware: { cdrom: [{ name: "cdrom1" }] } } },
    messages: [
      "spec.hardware.cdrom[0].image.name: Required value: a CD-ROM needs an image; write the display name or VMI ID of an ISO image (kubectl get vmi,cvmi -n dev -l image.vmoperator.vmware.com/type=ISO lists them)",
    ],
  },
  {
    check: "immutable",
    title: "another image is refused on UPDATE",
    facts: { oldObject: { spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } } },
    object: { spec: { imageName: "rocky", image: image(VMI, "vmi-a") } },
    messages: [
      'spec.imageName: Invalid value: "rocky": a VM keeps the image that it was created with; put back "vmi-a" or leave this field out, or create another VM',
    ],
  },
  {
    check: "immutable",
    title: "an image for a machine that was created without one is refused",
    facts: { oldObject: { spec: {} } },
    object: { spec: { imageName: "ubuntu" } },
    messages: [
      'spec.imageName: Invalid value: "ubuntu": a VM keeps the image that it was created with; leave this field out, or create another VM',
    ],
  },
  {
    check: "immutable",
    title: "an unresolvable new name is refused as a change only",
    facts: { oldObject: { spec: { imageName: "vmi-a" } } },
    object: { spec: { imageName: "no-such-image" } },
    messages: [
      'spec.imageName: Invalid value: "no-such-image": a VM keeps the image that it was created with; put back "vmi-a" or leave this field out',
    ],
  },
  {
    check: "capabilities",
    title: "an image is refused with the required capabilities that it lacks",
    endpoints: VALIDATE,
    object: {
      metadata: { annotations: { [CAPABILITIES]: "cloud-init, nvidia-gpu,,nvidia-gpu , sgx" } },
      spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    },
    messages: [
      'spec.imageName: Invalid value: "vmi-a": ubuntu: the image lacks "nvidia-gpu", "sgx" of annotation vm-image-webhook.dev/required-capabilities (it has "cloud-init"); choose another image (kubectl get vmi,cvmi -n dev -l capability.image.vmoperator.vmware.com/cloud-init,capability.image.vmoperator.vmware.com/nvidia-gpu,capability.image.vmoperator.vmware.com/sgx lists those that have all), or change the annotation',
    ],
  },
  {
    check: "capabilities",
    title: "an image without capabilities is refused",
    endpoints: VALIDATE,
    object: { metadata: { annotations: { [CAPABILITIES]: "sgx" } }, spec: { image: image(CVMI, "vmi-c") } },
    messages: [
      'spec.image.name: Invalid value: "vmi-c": rocky: the image lacks "sgx" of annotation vm-image-webhook.dev/required-capabilities (it has none); choose another image (kubectl get vmi,cvmi -n dev -l capability.image.vmoperator.vmware.com/sgx lists those that have all), or change the annotation',
    ],
  },
  {
    check: "capabilities",
    title: "a capability that is no name of a label is not put into a command",
    endpoints: VALIDATE,
    object: { metadata: { annotations: { [CAPABILITIES]: "$(reboot)" } }, spec: { image: image(CVMI, "vmi-c") } },
    messages: [
      'spec.image.name: Invalid value: "vmi-c": rocky: the image lacks "$(reboot)" of annotation vm-image-webhook.dev/required-capabilities (it has none); change the annotation',
    ],
  },
  {
    check: "capabilities",
    title: "an image with all required capabilities is admitted",
    object: { metadata: { annotations: { [CAPABILITIES]: " cloud-init " } }, spec: { imageName: "vmi-a" } },
    messages: [],
  },
  {
    check: "type",
    title: "an imageName that is a number is refused",
    endpoints: VALIDATE,
    object: { spec: { imageName: 7 } },
    messages: ["spec.imageName: Invalid value: 7: must be a string; put what you wrote in quotes"],
  },
  {
    check: "type",
    title: "an image that is a list is refused",
    endpoints: VALIDATE,
    object: { spec: { imageName: "ubuntu", image: ["vmi-a"] } },
    messages: ["spec.image: Invalid value: [...]: must be an object"],
  },
  {
    check: "type",
    title: "a name and a kind of a wrong type are both refused",
    endpoints: VALIDATE,
    object: { spec: { image: image(7, { a: 1 }) } },
    messages: [
      "spec.image.name: Invalid value: {...}: must be a string; write one name",
      "spec.image.kind: Invalid value: 7: must be a string; put what you wrote in quotes",
    ],
  },
  {
    check: "type",
    title: "a spec that is a list is refused once",
    endpoints: VALIDATE,
    object: { spec: [] },
    messages: ["spec: Invalid value: [...]: must be an object"],
  },
  {
    check: "type",
    title: "an unchanged value of a wrong type is admitted on UPDATE",
    facts: { oldObject: { spec: { imageName: 7 } } },
    object: { spec: { imageName: 7, className: "small" } },
    messages: [],
  },
  {
    check: "type",
    title: "a wrong type is refused before any reference is resolved",
    object: { spec: { imageName: 7, image: image(VMI, "windows") } },
    messages: ["spec.imageName: Invalid value: 7: must be a string; put what you wrote in quotes"],
  },
  {
    check: "type",
    title: "a new value of a wrong type is refused on UPDATE",
    facts: { oldObject: { spec: { imageName: "vmi-a" } } },
    object: { spec: { imageName: 7 } },
    messages: ["spec.imageName: Invalid value: 7: must be a string; put what you wrote in quotes"],
  },
];

describe("a check", () => {
  it.each(ROWS)("$check: $title", ({ endpoints = BOTH, object, facts, policy, messages }) => {
    for (const endpoint of endpoints) {
      const { errors, patched } = answer(endpoint, request(object, facts), indexOf(IMAGES), policy);
      expect(errors.map((problem) => `${problem.field}: ${errorMessage(problem)}`)).toEqual(messages);
      if (endpoints.length === 1) expect(patched).toEqual([]);
    }
  });

  it("errors of several checks are reported together", () => {
    const object = {
      metadata: { annotations: { [CAPABILITIES]: "sgx" } },
      spec: { imageName: "ubuntu", image: image(CVMI, "vmi-c") },
    };
    const { errors } = answer("validate", request(object), indexOf(IMAGES));
    expect(errors.map(({ check }) => check)).toEqual(["agree", "capabilities"]);
  });
});

interface WarningRow {
  readonly check: string;
  readonly title: string;
  readonly spec: object;
  readonly warns: string;
}

const WARNINGS: readonly WarningRow[] = [
  {
    check: "ready",
    title: "an image that is not ready warns with reason and message",
    spec: { imageName: "vmi-n" },
    warns:
      'spec.imageName: "vmi-n": debian: the image is not ready (NotSynced: still copying); the VM waits until it is',
  },
  {
    check: "ready",
    title: "an image that is not ready warns with its condition where it has no reason",
    spec: { image: image(VMI, "vmi-m") },
    warns:
      'spec.image.name: "vmi-m": mint: the image is not ready (its condition Ready is not True); the VM waits until it is',
  },
  {
    check: "terminating",
    title: "an image that is being deleted warns",
    spec: { imageName: "vmi-d" },
    warns:
      'spec.imageName: "vmi-d": doomed: the image is being deleted; choose another one (kubectl get vmi,cvmi -n dev lists them)',
  },
];

describe("warnings", () => {
  it.each(WARNINGS)("$check: $title", ({ spec, warns }) => {
    const { decision, warnings } = answer("validate", request({ spec }), indexOf(IMAGES));
    expect(decision).toMatchObject({ is: "allowed" });
    expect(warnings).toEqual([warns]);
    expect(answer("mutate", request({ spec }), indexOf(IMAGES)).warnings).toEqual([]);
  });
});

describe("a level", () => {
  it("exists=warn leaves an unresolved reference as it was sent", () => {
    const policy = { levels: { ...DEFAULT_LEVELS, exists: "warn" } } as const;
    const asked = request({ spec: { imageName: "photon" } });
    expect(answer("mutate", asked, indexOf(IMAGES), policy)).toMatchObject({ patched: [], warnings: [] });
    const { warnings } = answer("validate", asked, indexOf(IMAGES), policy);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"photon": ambiguous: 2 images');
  });

  it("agree=off keeps an imageName that names another image", () => {
    const policy = { levels: { ...DEFAULT_LEVELS, agree: "off" } } as const;
    const asked = request({ spec: { imageName: "ubuntu", image: image(CVMI, "rocky") } });
    expect(answer("mutate", asked, indexOf(IMAGES), policy).spec).toEqual({
      imageName: "ubuntu",
      image: image(CVMI, "vmi-c"),
    });
  });
});

describe("on UPDATE", () => {
  it("a machine whose image was deleted can be changed", () => {
    const spec = { imageName: "vmi-gone", image: image(VMI, "vmi-gone") };
    const asked = request({ spec: { ...spec, className: "large" } }, { oldObject: { spec } });
    for (const endpoint of BOTH) {
      expect(answer(endpoint, asked, indexOf([], [])).decision).toMatchObject({ is: "allowed", warnings: [] });
    }
  });

  it("capabilities of an unchanged image are not checked again", () => {
    const spec = { imageName: "vmi-a" };
    const object = { metadata: { annotations: { [CAPABILITIES]: "sgx" } }, spec };
    const { decision } = answer("validate", request(object, { oldObject: { spec } }), indexOf(IMAGES));
    expect(decision).toMatchObject({ is: "allowed" });
  });
});

describe("skip-validation", () => {
  const object = {
    metadata: { annotations: { "vmoperator.vmware.com.protected/skip-validation": "" } },
    spec: { imageName: "windows", image: image(7, "x") },
  };

  it("applies to privileged callers only", () => {
    for (const endpoint of BOTH) {
      expect(answer(endpoint, request(object, PRIVILEGED), indexOf(IMAGES)).decision).toMatchObject({
        is: "allowed",
        patch: [],
      });
    }
    expect(answer("validate", request(object), indexOf(IMAGES)).decision).toMatchObject({ is: "refused" });
  });

  it("applies to checks of the mutated object, too", () => {
    const annotations = { [REQUIRED_CAPABILITIES_ANNOTATION]: "no-such-capability" };
    const lacking = { metadata: { annotations }, spec: { imageName: "ubuntu" } };
    expect(answer("mutate", request(lacking, PRIVILEGED), indexOf(IMAGES)).decision).toMatchObject({ is: "refused" });
    const skipping = { ...lacking, metadata: { annotations: { ...annotations, ...object.metadata.annotations } } };
    expect(answer("mutate", request(skipping, PRIVILEGED), indexOf(IMAGES)).decision).toMatchObject({ is: "allowed" });
  });
});

describe("an index that is not synced", () => {
  it.each(BOTH)("leaves a review undecided at /%s", (endpoint) => {
    const { decision } = answer(endpoint, request({ spec: { imageName: "ubuntu" } }), indexOf([], []));
    expect(decision).toMatchObject({
      is: "undecided",
      because: "the index has no complete list of VirtualMachineImage yet",
    });
  });

  it("leaves a cluster image undecided where only the list of namespaced images is missing", () => {
    const asked = request({ spec: { imageName: "vmi-c", image: image(CVMI, "vmi-c") } });
    expect(answer("mutate", asked, indexOf(IMAGES, [CVMI])).decision).toMatchObject({ is: "undecided" });
  });

  it("does not affect an object that needs no image", () => {
    const { decision } = answer("validate", request({ spec: {} }, PRIVILEGED), indexOf([], []));
    expect(decision).toMatchObject({ is: "allowed" });
  });
});
