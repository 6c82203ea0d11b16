import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";

import { errorMessage } from "../../src/references/field-error.ts";
import { answer, type Answer, request, type RequestFacts, type VirtualMachine } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const NOT_READY = { is: "notReady", condition: "Ready", reason: "NotSynced", message: "" } as const;
const IMAGES = [
  vmi("vmi-efi", "ubuntu", { firmware: "efi" }),
  vmi("vmi-bios", "legacy", { firmware: "bios" }),
  vmi("vmi-any", "unsynced", { firmware: undefined }),
  vmi("vmi-i", "installer", { type: "ISO", firmware: undefined }),
  vmi("vmi-j", "rescue", { type: "ISO", firmware: undefined }),
  cvmi("vmi-i", "installer-of-cluster", { type: "ISO", firmware: undefined }),
  vmi("vmi-u", "untyped", { type: undefined }),
  vmi("vmi-n", "copying", { type: "ISO", readiness: NOT_READY }),
];

const image = (kind: string, name: string): object => ({ kind, name });
const cd = (name: string, of: string, rest: object = {}): object => ({ name, image: image(VMI, of), ...rest });

/** A machine that boots an OVF image and has these CD-ROMs. */
function machine(cdrom: readonly object[], rest: object = {}): VirtualMachine {
  return { spec: { imageName: "vmi-efi", guestID: "otherLinux64Guest", hardware: { cdrom }, ...rest } };
}

const ON = { powerState: "PoweredOn" };
const OFF = { powerState: "PoweredOff" };
const CHECKED_BEFORE_POWER_ON = { annotations: { "poweron.check.vmoperator.vmware.com/app": "waits" } };
const SECURE = { efiSecureBoot: "Enabled" };

interface Row {
  readonly check: string;
  readonly title: string;
  readonly object: VirtualMachine;
  readonly old?: VirtualMachine;
  readonly facts?: RequestFacts;
  /** `FIELD: MESSAGE` of each denial. */
  readonly denials?: readonly string[];
  readonly warnings?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    check: "cdrom-duplicate",
    title: "a second CD-ROM with the same image is refused",
    object: machine([cd("a", "vmi-i"), cd("b", "vmi-j"), cd("c", "vmi-i")]),
    denials: [
      'spec.hardware.cdrom[2].image.name: Duplicate value: "vmi-i": spec.hardware.cdrom[0].image.name holds this image already; choose another one (kubectl get vmi,cvmi -n dev -l image.vmoperator.vmware.com/type=ISO lists them), or leave one of the two CD-ROMs out',
    ],
  },
  {
    check: "cdrom-duplicate",
    title: "two CD-ROMs with the same object name in different kinds are refused",
    object: machine([cd("a", "vmi-i"), { name: "b", image: image(CVMI, "vmi-i") }]),
    denials: [expect.stringMatching(/^spec\.hardware\.cdrom\[1\]\.image\.name: Duplicate/) as string],
  },
  {
    check: "cdrom-duplicate",
    title: "unchanged CD-ROMs are not checked again",
    object: machine([cd("a", "vmi-i"), cd("b", "vmi-i")], { image: image(VMI, "vmi-efi") }),
    old: machine([cd("a", "vmi-i"), cd("b", "vmi-i")], { image: image(VMI, "vmi-efi") }),
  },
  {
    check: "boot-type",
    title: "an ISO image warns with the path of CD-ROMs of the version",
    facts: { version: "v1alpha3" },
    object: { spec: { imageName: "vmi-i" } },
    warnings: [expect.stringContaining("and add to spec.cdrom {name: cdrom1, image: {name: vmi-i}}") as string],
  },
  {
    check: "boot-type",
    title: "an ISO image warns in a version without CD-ROMs",
    facts: { version: "v1alpha1" },
    object: { spec: { imageName: "vmi-i" } },
    warnings: [expect.stringMatching(/; add it as a CD-ROM, in v1alpha3 or newer$/) as string],
  },
  {
    check: "cdrom-type",
    title: "an OVF image in a CD-ROM is refused",
    object: machine([cd("a", "vmi-bios")]),
    denials: [
      'spec.hardware.cdrom[0].image.name: Invalid value: "vmi-bios": legacy: the image is of type OVF, and a CD-ROM needs one of type ISO; choose an ISO image (kubectl get vmi,cvmi -n dev -l image.vmoperator.vmware.com/type=ISO lists them)',
    ],
  },
  { check: "cdrom-type", title: "an image of unknown type is admitted", object: machine([cd("a", "vmi-u")]) },
  {
    check: "cdrom-guest-id",
    title: "a machine with CD-ROMs and no guestID is refused",
    object: machine([cd("a", "vmi-i")], { guestID: undefined }),
    denials: [
      "spec.guestID: Required value: a VM with CD-ROMs needs the vSphere ID of its guest operating system, such as ubuntu64Guest",
    ],
  },
  {
    check: "cdrom-guest-id",
    title: "a machine without CD-ROMs needs no guestID",
    object: machine([], { guestID: "" }),
  },
  {
    check: "cdrom-powered-on",
    title: "adding a CD-ROM is refused",
    old: machine([], ON),
    object: machine([cd("a", "vmi-i")], ON),
    denials: [
      "spec.hardware.cdrom[0].image: Forbidden: a CD-ROM cannot be added while the VM is powered on; power it off first (spec.powerState: PoweredOff)",
    ],
  },
  {
    check: "cdrom-powered-on",
    title: "removing a CD-ROM is refused",
    old: machine([cd("a", "vmi-i"), cd("b", "vmi-j")], ON),
    object: machine([cd("b", "vmi-j")], ON),
    denials: [
      'spec.hardware.cdrom: Forbidden: "a": a CD-ROM cannot be removed while the VM is powered on; power it off first (spec.powerState: PoweredOff)',
    ],
  },
  {
    check: "cdrom-powered-on",
    title: "renaming a CD-ROM is refused",
    old: machine([cd("a", "vmi-i")], ON),
    object: machine([cd("b", "vmi-i")], ON),
    denials: [
      expect.stringMatching(/^spec\.hardware\.cdrom\[0\]\.image: Forbidden: a CD-ROM cannot be added/) as string,
      expect.stringMatching(/^spec\.hardware\.cdrom: Forbidden: "a": a CD-ROM cannot be removed/) as string,
    ],
  },
  {
    check: "cdrom-powered-on",
    title: "another image is refused in v1alpha4",
    facts: { version: "v1alpha4" },
    old: { spec: { imageName: "vmi-efi", guestID: "g", cdrom: [cd("a", "vmi-i")], ...ON } },
    object: { spec: { imageName: "vmi-efi", guestID: "g", cdrom: [cd("a", "vmi-j")], ...ON } },
    denials: [
      'spec.cdrom[0].image: Forbidden: "vmi-j": a CD-ROM cannot get another image while the VM is powered on; power it off first (spec.powerState: PoweredOff)',
    ],
  },
  {
    check: "cdrom-powered-on",
    title: "connected, allowGuestControl and the order may change",
    old: machine([cd("a", "vmi-i"), cd("b", "vmi-j")], ON),
    object: machine([cd("b", "vmi-j", { connected: false }), cd("a", "vmi-i", { allowGuestControl: true })], ON),
  },
  ...[
    { title: "a machine that the same update powers off may get a CD-ROM", before: ON, after: OFF },
    { title: "a machine that the same update powers on may get a CD-ROM", before: OFF, after: ON },
    {
      title: "a suspended machine may get a CD-ROM",
      before: { powerState: "Suspended" },
      after: { powerState: "Suspended" },
    },
  ].map(({ title, before, after }): Row => ({
    check: "cdrom-powered-on",
    title,
    old: machine([], before),
    object: machine([cd("a", "vmi-i")], after),
  })),
  {
    check: "cdrom-powered-on",
    title: "a machine with a check annotation before power-on may get a CD-ROM",
    old: { ...machine([], ON), metadata: CHECKED_BEFORE_POWER_ON },
    object: { ...machine([cd("a", "vmi-i")], ON), metadata: CHECKED_BEFORE_POWER_ON },
  },
  {
    check: "firmware",
    title: "an image with firmware bios is refused",
    object: { spec: { imageName: "vmi-bios", bootOptions: SECURE } },
    denials: [
      'spec.bootOptions.efiSecureBoot: Forbidden: secure boot needs firmware efi, and image "vmi-bios" has "bios"; choose an image for efi (kubectl get vmi,cvmi -n dev -o custom-columns=NAME:.status.name,FIRMWARE:.status.firmware lists them), write spec.bootOptions.firmware: efi if it boots so, or leave secure boot out',
    ],
  },
  {
    check: "firmware",
    title: "the firmware of the machine takes precedence over that of the image",
    object: { spec: { imageName: "vmi-efi", bootOptions: { ...SECURE, firmware: "bios" } } },
    denials: [
      'spec.bootOptions.efiSecureBoot: Forbidden: secure boot needs firmware efi, and spec.bootOptions.firmware is "bios"; write efi there, or leave secure boot out',
    ],
  },
  {
    check: "firmware",
    title: "firmware efi of the machine is admitted with an image for bios",
    object: { spec: { imageName: "vmi-bios", bootOptions: { ...SECURE, firmware: "efi" } } },
  },
  {
    check: "firmware",
    title: "firmware efi of the image alone warns, because vm-operator requires it in the machine",
    object: { spec: { imageName: "vmi-efi", bootOptions: SECURE } },
    warnings: [
      'spec.bootOptions.efiSecureBoot: only image "vmi-efi" says firmware efi, and vm-operator refuses secure boot without it in the VM; write spec.bootOptions.firmware: efi',
    ],
  },
  {
    check: "firmware",
    title: "firmware efi of the image alone warns in v1alpha5, too",
    facts: { version: "v1alpha5" },
    object: { spec: { imageName: "vmi-efi", bootOptions: SECURE } },
    warnings: [expect.stringMatching(/^spec\.bootOptions\.efiSecureBoot: only image/) as string],
  },
  {
    check: "firmware",
    title: "firmware efi of the image alone is admitted in v1alpha4, for which vm-operator has no such rule",
    facts: { version: "v1alpha4" },
    object: { spec: { imageName: "vmi-efi", bootOptions: SECURE } },
  },
  {
    check: "firmware",
    title: "firmware efi of machine and image is admitted",
    object: { spec: { imageName: "vmi-efi", bootOptions: { ...SECURE, firmware: "efi" } } },
  },
  {
    check: "firmware",
    title: "unknown firmware of the image warns",
    object: { spec: { imageName: "vmi-any", bootOptions: SECURE } },
    warnings: [
      'spec.bootOptions.efiSecureBoot: the firmware of image "vmi-any" is not known, and secure boot needs efi; write spec.bootOptions.firmware: efi',
    ],
  },
  {
    check: "firmware",
    title: "firmware bios is admitted without secure boot",
    object: { spec: { imageName: "vmi-bios", bootOptions: { efiSecureBoot: "Disabled" } } },
  },
  {
    check: "boot-type",
    title: "an ISO image without a CD-ROM warns",
    object: { spec: { imageName: "vmi-i" } },
    warnings: [
      'spec.imageName: "vmi-i": installer: the image is of type ISO, and no CD-ROM holds it to boot from; set spec.guestID, such as ubuntu64Guest, and add to spec.hardware.cdrom {name: cdrom1, image: {name: vmi-i}}',
    ],
  },
  {
    check: "boot-type",
    title: "an ISO image warns where the CD-ROM holds another image",
    object: machine([cd("a", "vmi-j")], { imageName: "vmi-i" }),
    warnings: [expect.stringMatching(/^spec\.imageName: "vmi-i": installer: the image is of type ISO/) as string],
  },
  {
    check: "boot-type",
    title: "an ISO image that a CD-ROM holds is admitted",
    object: machine([cd("a", "vmi-j"), cd("b", "vmi-i")], { imageName: "vmi-i" }),
  },
  {
    check: "boot-type",
    title: "an ISO image that a CD-ROM names by its display name is admitted",
    object: machine([cd("b", "installer")], { imageName: "vmi-i" }),
  },
  {
    check: "ready",
    title: "an image of imageName and a CD-ROM warns once, at the CD-ROM",
    object: machine([cd("a", "vmi-n")], { imageName: "vmi-n" }),
    warnings: [
      'spec.hardware.cdrom[0].image.name: "vmi-n": copying: the image is not ready (NotSynced); the VM waits until it is',
    ],
  },
];

function validate({ object, old, facts = {} }: Row): Answer {
  const oldObject = old === undefined ? {} : { oldObject: { ...old } };
  return answer("validate", request(object, { ...facts, ...oldObject }), indexOf(IMAGES));
}

describe("checks of machines", () => {
  it.each(ROWS)("$check: $title", (row) => {
    const { errors, warnings } = validate(row);
    expect(errors.map((problem) => `${problem.field}: ${errorMessage(problem)}`)).toEqual(row.denials ?? []);
    expect(warnings).toEqual(row.warnings ?? []);
    for (const { check } of errors) expect(check).toBe(row.check);
  });

  it.each(ROWS.filter(({ denials = [] }) => denials.length > 0))("$check at /mutate: $title", (row) => {
    const oldObject = row.old === undefined ? {} : { oldObject: { ...row.old } };
    const asked = request(row.object, { ...row.facts, ...oldObject });
    const { errors, warnings } = answer("mutate", asked, indexOf(IMAGES));
    const isLeftToValidate = row.old === undefined && ["cdrom-guest-id", "firmware"].includes(row.check);
    expect(errors.map((problem) => `${problem.field}: ${errorMessage(problem)}`)).toEqual(
      isLeftToValidate ? [] : row.denials,
    );
    expect(warnings).toEqual([]);
  });

  const DISC = cd("a", "vmi-i");
  it.each([
    { check: "cdrom-guest-id", old: machine([]), object: machine([DISC], { guestID: "" }) },
    {
      check: "firmware",
      old: machine([]),
      object: machine([DISC], { bootOptions: { ...SECURE, firmware: "bios" } }),
      levels: { immutable: "off" },
      boots: "vmi-bios",
    },
  ] as const)("$check at /mutate: an UPDATE is refused", ({ check, old, object, ...rest }) => {
    const levels = { ...DEFAULT_LEVELS, ...("levels" in rest ? rest.levels : {}) };
    const spec = { ...(object.spec as object), ...("boots" in rest ? { imageName: rest.boots } : {}) };
    const asked = request({ spec }, { oldObject: { ...old } });
    expect(answer("mutate", asked, indexOf(IMAGES), { levels }).errors).toMatchObject([{ check }]);
  });

  const KEPT = { image: image(VMI, "vmi-efi") };
  const SECURE_BIOS = { bootOptions: { ...SECURE, firmware: "bios" } };
  it.each([
    { title: "the boot options", old: machine([], KEPT), rest: { ...KEPT, ...SECURE_BIOS } },
    {
      title: "the boot options beside an image for bios",
      old: machine([], { imageName: "vmi-bios" }),
      rest: { imageName: "vmi-bios", bootOptions: SECURE },
    },
  ])("firmware at /mutate: an UPDATE that adds a CD-ROM and changes $title is refused", ({ old, rest }) => {
    const asked = request(machine([DISC], rest), { oldObject: { ...old } });
    expect(answer("mutate", asked, indexOf(IMAGES)).errors).toMatchObject([{ check: "firmware" }]);
  });

  it("firmware at /mutate: an UPDATE that keeps the boot options is admitted", () => {
    const asked = request(machine([DISC], { ...KEPT, ...SECURE_BIOS }), {
      oldObject: { ...machine([], { ...KEPT, ...SECURE_BIOS }) },
    });
    expect(answer("mutate", asked, indexOf(IMAGES)).errors).toEqual([]);
  });

  it("cdrom-duplicate at /mutate: two spellings of one image are refused", () => {
    const object = machine([cd("a", "installer"), { name: "b", image: { name: "vmi-i" } }]);
    expect(answer("mutate", request(object), indexOf(IMAGES)).errors).toMatchObject([
      { check: "cdrom-duplicate", field: "spec.hardware.cdrom[1].image.name" },
    ]);
  });

  it("capabilities at /mutate: the image of the mutated object is checked", () => {
    const metadata = { annotations: { "vm-image-webhook.dev/required-capabilities": "sgx" } };
    const asked = request({ metadata, spec: { imageName: "ubuntu" } });
    expect(answer("mutate", asked, indexOf(IMAGES)).errors).toMatchObject([{ check: "capabilities" }]);
  });

  it("a check with level warn says nothing at /mutate", () => {
    const levels = { ...DEFAULT_LEVELS, "cdrom-type": "warn" } as const;
    const asked = request(machine([cd("a", "vmi-bios")]));
    expect(answer("mutate", asked, indexOf(IMAGES), { levels })).toMatchObject({
      decision: { is: "allowed" },
      warnings: [],
    });
  });
});

describe("a privileged caller, such as vm-operator's own account", () => {
  const PRIVILEGED = { user: { name: "admin", groups: ["system:masters"] } };
  const GONE = "no VirtualMachineImage in namespace";

  function both(object: VirtualMachine, facts: RequestFacts = {}): readonly Answer[] {
    const mutated = answer("mutate", request(object, { ...PRIVILEGED, ...facts }), indexOf(IMAGES));
    const validated = answer("validate", request(mutated.object, { ...PRIVILEGED, ...facts }), indexOf(IMAGES));
    return [mutated, validated];
  }

  it.each([
    { title: "image on CREATE", object: { spec: { image: image(VMI, "vmi-gone") } } },
    {
      title: "the only CD-ROM on CREATE",
      object: { spec: { guestID: "g", hardware: { cdrom: [cd("a", "vmi-gone")] } } },
    },
    {
      title: "image beside CD-ROMs on CREATE",
      object: { spec: { guestID: "g", image: image(VMI, "vmi-gone"), hardware: { cdrom: [cd("a", "vmi-i")] } } },
    },
    {
      title: "a CD-ROM on UPDATE",
      object: machine([cd("a", "vmi-gone")]),
      facts: { oldObject: { ...machine([cd("a", "vmi-i")]) } },
    },
  ])("exists: $title with an unknown name is admitted unchanged, with a warning", ({ object, facts = {} }) => {
    const [mutated, validated] = both(object, facts);
    expect(mutated).toMatchObject({ decision: { is: "allowed" }, patched: [], warnings: [] });
    expect(mutated?.decision, "the query for the live read").toMatchObject({
      unresolvedQueries: [{ name: "vmi-gone" }],
    });
    expect(validated).toMatchObject({ decision: { is: "allowed", unresolvedQueries: [{ name: "vmi-gone" }] } });
    expect(validated?.warnings).toEqual([expect.stringContaining(GONE) as string]);
  });

  it("cdrom-type: an OVF image in a CD-ROM warns", () => {
    const [mutated, validated] = both(machine([cd("a", "vmi-bios")]));
    expect(mutated?.decision.is).toBe("allowed");
    expect(validated?.warnings).toEqual([expect.stringContaining("of type OVF") as string]);
  });

  it("required: a reference with a kind and no name warns", () => {
    const [, validated] = both({ spec: { image: { kind: VMI } } });
    expect(validated).toMatchObject({ decision: { is: "allowed" } });
    expect(validated?.warnings).toHaveLength(1);
  });

  it.each([
    { title: "imageName", object: { spec: { imageName: "vmi-gone" } } },
    {
      title: "both imageName and image",
      object: { spec: { imageName: "vmi-gone", image: image(VMI, "vmi-gone") } },
    },
    {
      title: "image of a template",
      object: { spec: { template: { spec: { image: image(VMI, "vmi-gone") } } } },
      facts: { kind: "VirtualMachineReplicaSet" },
    },
  ])("exists: $title with an unknown name is refused", ({ object, facts = {} }) => {
    expect(both(object, facts)[0]?.errors).toMatchObject([{ check: "exists" }]);
  });

  it("cdrom-powered-on: another image for a CD-ROM of a powered-on machine is refused", () => {
    const facts = { oldObject: { ...machine([cd("a", "vmi-i")], ON) } };
    expect(both(machine([cd("a", "vmi-gone")], ON), facts)[0]?.errors).toMatchObject([{ check: "cdrom-powered-on" }]);
  });
});
