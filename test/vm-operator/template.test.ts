import { WRITE_MODES } from "../../src/vm-operator/policy.ts";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import { at } from "../../src/common/json.ts";
import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";

import { answer, type Answer, request, type RequestFacts } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const IMAGES = [
  vmi("vmi-a", "ubuntu", { capabilities: ["cloud-init"] }),
  cvmi("vmi-c", "rocky"),
  vmi("vmi-p", "photon"),
  vmi("vmi-q", "photon"),
  vmi("vmi-i", "installer", { type: "ISO" }),
  vmi("vmi-j", "rescue", { type: "ISO" }),
];
const KIND = { kind: "VirtualMachineReplicaSet" };
const PRIVILEGED = { user: { name: "kubernetes-admin", groups: [] } };
const CAPABILITIES = "vm-image-webhook.dev/required-capabilities";

const image = (kind: string, name: string): object => ({ kind, name });

/** A ReplicaSet with this machine as its template. */
function set(spec: object, metadata: object = {}): { spec: object } {
  return { spec: { replicas: 2, template: { metadata: { labels: { app: "web" }, ...metadata }, spec } } };
}

function machineOf({ object }: Answer): unknown {
  return at(object, ["spec", "template", "spec"]);
}

function create(spec: object, facts: RequestFacts = {}, policy: Partial<AdmissionPolicy> = {}): Answer {
  return answer("mutate", request(set(spec), { ...KIND, ...facts }), indexOf(IMAGES), policy);
}

function update(old: object, spec: object, policy: Partial<AdmissionPolicy> = {}, images = IMAGES): Answer {
  return answer("mutate", request(set(spec), { ...KIND, oldObject: { ...old } }), indexOf(images), policy);
}

function validate(object: object, facts: RequestFacts = {}): Answer {
  return answer("validate", request(object, { ...KIND, ...facts }), indexOf(IMAGES));
}

describe.each(["v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"])("mutation of a template on CREATE in %s", (version) => {
  it("M1: a display name becomes the VMI ID, image is filled, and the annotation of the ReplicaSet records it", () => {
    const made = create({ imageName: "ubuntu", className: "small" }, { version });
    expect(machineOf(made)).toEqual({ imageName: "vmi-a", image: image(VMI, "vmi-a"), className: "small" });
    expect(at(made.object, ["spec", "template", "metadata"])).toEqual({ labels: { app: "web" } });
    expect(at(made.object, ["metadata", "annotations", PINNED_ANNOTATION])).toBe(
      '{"spec.template.spec.imageName":{"requested":"ubuntu","resolved":"vmi-a"}}',
    );
    expect(validate(made.object, { version })).toMatchObject({ errors: [], warnings: [] });
  });

  it("M18: a CD-ROM with a display name decides the boot image", () => {
    const cdrom = [{ name: "cd1", image: image(VMI, "installer") }];
    const media = version < "v1alpha5" ? { cdrom } : { hardware: { cdrom } };
    expect(machineOf(create({ guestID: "g", ...media }, { version }))).toMatchObject({
      imageName: "vmi-i",
      image: image(VMI, "vmi-i"),
    });
  });

  it("errors name fields of the template", () => {
    const { errors } = create({ imageName: "ubunto", image: image("Secret", "x") }, { version });
    expect(errors.map(({ field }) => field)).toEqual(["spec.template.spec.image.kind"]);
    expect(create({ imageName: "photon" }, { version }).errors[0]?.field).toBe("spec.template.spec.imageName");
  });
});

describe("a ReplicaSet in v1alpha2, which does not have the kind", () => {
  it("is allowed unchanged", () => {
    expect(create({ imageName: "nothing" }, { version: "v1alpha2" }).decision).toMatchObject({
      is: "allowed",
      patch: [],
    });
  });
});

describe("checks of a template", () => {
  it("required: a privileged caller may not create a template without an image", () => {
    const [problem, ...others] = validate(set({}), PRIVILEGED).errors;
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ check: "required", field: "spec.template.spec.imageName" });
  });

  it("capabilities: the annotation of the template counts, not that of the ReplicaSet", () => {
    const requiring = set({ imageName: "vmi-a" }, { annotations: { [CAPABILITIES]: "sgx" } });
    expect(validate(requiring).errors).toMatchObject([
      { check: "capabilities", field: "spec.template.spec.imageName" },
    ]);
    const other = { ...set({ imageName: "vmi-a" }), metadata: { annotations: { [CAPABILITIES]: "sgx" } } };
    expect(validate(other).errors).toEqual([]);
  });

  it("guestID and firmware are checked in the template", () => {
    const cdrom = [{ name: "cd1", image: image(VMI, "vmi-i") }];
    const spec = {
      imageName: "vmi-a",
      hardware: { cdrom },
      bootOptions: { efiSecureBoot: "Enabled", firmware: "bios" },
    };
    expect(validate(set(spec)).errors.map(({ field }) => field)).toEqual([
      "spec.template.spec.guestID",
      "spec.template.spec.bootOptions.efiSecureBoot",
    ]);
  });

  it("firmware: efi of the image alone warns in a template, too", () => {
    const secure = set({ imageName: "vmi-a", bootOptions: { efiSecureBoot: "Enabled" } });
    expect(validate(secure)).toMatchObject({
      decision: { is: "allowed" },
      warnings: [expect.stringMatching(/^spec\.template\.spec\.bootOptions\.efiSecureBoot: only image "vmi-a" says/)],
    });
  });
});

describe("UPDATE of a template", () => {
  const stored = (spec: object = { imageName: "ubuntu" }): object => create(spec).object;

  it.each(WRITE_MODES)("M20: the original manifest keeps the stored references, with --write %s", (write) => {
    const old = create({ imageName: "ubuntu" }, {}, { write }).object;
    for (const images of [IMAGES, [...IMAGES, vmi("vmi-b", "ubuntu")], []]) {
      const again = update(old, { imageName: "ubuntu" }, { write }, images);
      expect(machineOf(again)).toEqual(at(old, ["spec", "template", "spec"]));
    }
  });

  it("M20: an image that is left out beside the stored imageName is restored", () => {
    expect(machineOf(update(stored(), { imageName: "vmi-a" }))).toEqual({
      imageName: "vmi-a",
      image: image(VMI, "vmi-a"),
    });
  });

  it.each([
    { title: "imageName, as kubectl apply sends it", spec: { imageName: "rocky", image: image(VMI, "vmi-a") } },
    { title: "imageName, as kubectl replace sends it", spec: { imageName: "rocky" } },
    {
      title: "image alone, beside the stored imageName",
      spec: { imageName: "vmi-a", image: image(CVMI, "rocky") },
    },
    { title: "both", spec: { imageName: "rocky", image: image(CVMI, "vmi-c") } },
  ])("M20: a changed $title is resolved again", ({ spec }) => {
    const changed = update(stored(), spec);
    expect(machineOf(changed)).toEqual({ imageName: "vmi-c", image: image(CVMI, "vmi-c") });
    expect(validate(changed.object, { oldObject: { ...stored() } }).errors).toEqual([]);
    const again = answer("mutate", request(changed.object, { ...KIND, oldObject: { ...stored() } }), indexOf(IMAGES));
    expect(again.patched).toEqual([]);
  });

  it("M20: a resolved VMI ID stays on a second run, although the stored image has it as display name and requested name", () => {
    const images = [vmi("vmi-a", "vmi-b"), vmi("vmi-b", "rocky")];
    const pinned = { [PINNED_ANNOTATION]: '{"spec.template.spec.imageName":{"requested":"vmi-b","resolved":"vmi-a"}}' };
    const old = { metadata: { annotations: pinned }, ...set({ imageName: "vmi-a", image: image(VMI, "vmi-a") }) };
    const changed = update(old, { imageName: "rocky" }, {}, images);
    expect(machineOf(changed)).toEqual({ imageName: "vmi-b", image: image(VMI, "vmi-b") });
    const again = answer("mutate", request(changed.object, { ...KIND, oldObject: { ...old } }), indexOf(images));
    expect(again.decision).toMatchObject({ is: "allowed", patch: [] });
  });

  it("M20: image decides, although the stored imageName is a display name of another image", () => {
    const images = [cvmi("vmi-a", "ubuntu"), cvmi("ubuntu", "vmi-b")];
    const old = set({ imageName: "ubuntu" });
    const changed = update(old, { imageName: "ubuntu", image: { name: "vmi-b" } }, { write: "imageName" }, images);
    expect(machineOf(changed)).toEqual({ imageName: "ubuntu", image: image(CVMI, "ubuntu") });
    const again = answer("mutate", request(changed.object, { ...KIND, oldObject: { ...old } }), indexOf(images));
    expect(again.decision).toMatchObject({ is: "allowed", patch: [] });
  });

  it("M20: the original imageName beside another image is refused by agree", () => {
    const { errors } = update(stored(), { imageName: "ubuntu", image: image(CVMI, "vmi-c") });
    expect(errors.map(({ check }) => check)).toEqual(["agree"]);
  });

  it("M20: a CD-ROM in place of an image decides the boot image", () => {
    const cdrom = [{ name: "cd1", image: image(VMI, "installer") }];
    const changed = update(stored(), { guestID: "g", hardware: { cdrom } });
    expect(machineOf(changed)).toMatchObject({ imageName: "vmi-i", image: image(VMI, "vmi-i") });
  });

  describe("whose manifest names images in CD-ROMs only", () => {
    const media = (...names: readonly string[]): { guestID: string; hardware: object } => ({
      guestID: "g",
      hardware: { cdrom: names.map((name, index) => ({ name: `cd${index + 1}`, image: image(VMI, name) })) },
    });
    const boots = (name: string): object => ({ imageName: name, image: image(VMI, name) });
    const old = (): object => stored(media("installer", "rescue"));

    it("M20: keeps the boot image while the CD-ROMs keep theirs", () => {
      expect(machineOf(update(old(), media("installer", "rescue")))).toMatchObject(boots("vmi-i"));
      expect(machineOf(update(old(), media("vmi-i", "vmi-j")))).toMatchObject(boots("vmi-i"));
      expect(machineOf(update(old(), media("installer", "rescue"), {}, []))).toMatchObject(boots("vmi-i"));
    });

    it.each([
      { title: "by kubectl replace", sent: {} },
      { title: "by kubectl apply, which keeps what the webhook wrote", sent: boots("vmi-i") },
    ])("M20: boots the new image of the CD-ROM, $title", ({ sent }) => {
      expect(machineOf(update(old(), { ...media("rescue"), ...sent }))).toMatchObject(boots("vmi-j"));
    });

    it("M20: boots the CD-ROM that is connected now", () => {
      const cdrom = [
        { name: "cd1", connected: false, image: image(VMI, "vmi-i") },
        { name: "cd2", image: image(VMI, "vmi-j") },
      ];
      const sent = { guestID: "g", hardware: { cdrom }, ...boots("vmi-i") };
      expect(machineOf(update(old(), sent))).toMatchObject(boots("vmi-j"));
    });

    it("M20: keeps an imageName that the manifest has beside the CD-ROMs", () => {
      const both = stored({ ...media("installer"), imageName: "ubuntu" });
      for (const sent of [{ imageName: "ubuntu" }, boots("vmi-a")]) {
        expect(machineOf(update(both, { ...media("rescue"), ...sent }))).toMatchObject(boots("vmi-a"));
      }
    });

    it("M20: boots the image of the CD-ROM after that image is restored", () => {
      const images = [...IMAGES.filter(({ name }) => name !== "vmi-i"), vmi("vmi-i", "renamed", { type: "ISO" })];
      const later = [...images, vmi("vmi-new", "installer", { type: "ISO" })];
      const moved = update(old(), { ...media("installer"), imageName: "", image: {} }, {}, later);
      expect(machineOf(moved)).toMatchObject(boots("vmi-i"));
      expect(at(machineOf(moved), ["hardware", "cdrom", 0, "image", "name"])).toBe("vmi-i");
    });

    it("M20: keeps the boot image beside an unchanged CD-ROM, where imageName is left out", () => {
      const both = stored({ ...media("installer"), imageName: "ubuntu" });
      expect(machineOf(update(both, media("installer")))).toMatchObject(boots("vmi-a"));
    });

    it("M20: boots a new imageName, although the CD-ROM changes at the same time", () => {
      expect(machineOf(update(old(), { ...media("rescue"), imageName: "ubuntu" }))).toMatchObject(boots("vmi-a"));
    });
  });

  it("M20: a display name that replaced an object name (M8) is not another spelling of a different stored name", () => {
    const images = [...IMAGES, vmi("old-item", "centos")];
    const pin = { requested: "cl-a/centos", resolved: "old-item" };
    const old = {
      metadata: { annotations: { [PINNED_ANNOTATION]: JSON.stringify({ "spec.template.spec.image.name": pin }) } },
      ...set({ imageName: "gone", image: image(VMI, "old-item") }),
    };
    const changed = update(old, { imageName: "old-item", image: image(VMI, "old-item") }, {}, images);
    expect(machineOf(changed)).toMatchObject({ imageName: "centos" });
    const again = answer("mutate", request(changed.object, { ...KIND, oldObject: { ...old } }), indexOf(images));
    expect(again.patched).toEqual([]);
  });

  it("M20: a pin is used only where its resolved value is still stored", () => {
    const pins = { "spec.template.spec.imageName": { requested: "photon", resolved: "vmi-old" } };
    const old = {
      ...set({ imageName: "vmi-a", image: image(VMI, "vmi-a") }),
      metadata: { annotations: { [PINNED_ANNOTATION]: JSON.stringify(pins) } },
    };
    expect(update(old, { imageName: "photon" }).errors).toMatchObject([{ check: "exists" }]);
  });

  it.each([
    {
      title: "a VMI ID in place of a display name, with its image,",
      old: { imageName: "ubuntu" },
      sent: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
      becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    },
    {
      title: "a VMI ID in place of a display name, as kubectl apply sends it,",
      old: { imageName: "ubuntu", image: image(VMI, "vmi-a") },
      sent: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
      becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    },
    {
      title: "a corrected kind",
      old: { image: image(VMI, "vmi-c") },
      sent: { image: image(CVMI, "vmi-c") },
      becomes: { image: image(CVMI, "vmi-c") },
    },
    {
      title: "the display name of an image that is a cluster image now, as kubectl apply sends it,",
      old: { imageName: "vmi-c", image: image(VMI, "vmi-c") },
      sent: { imageName: "rocky", image: image(VMI, "vmi-c") },
      becomes: { imageName: "vmi-c", image: image(CVMI, "vmi-c") },
    },
    {
      title: "a kind in place of an empty one",
      old: { image: image("", "vmi-a") },
      sent: { image: image(VMI, "vmi-a") },
      becomes: { image: image(VMI, "vmi-a") },
    },
    {
      title: "an imageName without image, where a wrong kind is stored,",
      old: { imageName: "vmi-c", image: image(VMI, "vmi-c") },
      sent: { imageName: "vmi-c" },
      becomes: { imageName: "vmi-c", image: image(CVMI, "vmi-c") },
    },
    {
      title: "a display name in place of an object name without a kind",
      old: { image: { name: "vmi-a" } },
      sent: { image: { name: "ubuntu" } },
      becomes: { image: image(VMI, "vmi-a") },
    },
    {
      title: "an object name that is stored without a kind",
      old: { image: { name: "vmi-a" } },
      sent: { image: { name: "vmi-a" } },
      becomes: { image: image(VMI, "vmi-a") },
    },
  ])("M20: $title is accepted with the kind of its image", ({ old, sent, becomes }) => {
    const changed = update(set(old), sent);
    expect(changed.decision).toMatchObject({ is: "allowed" });
    expect(machineOf(changed)).toEqual(becomes);
    const again = answer("mutate", request(changed.object, { ...KIND, oldObject: { ...set(old) } }), indexOf(IMAGES));
    expect(again.patched, "a second run").toEqual([]);
    expect(validate(changed.object, { oldObject: { ...set(old) } }).errors).toEqual([]);
  });

  it.each([
    { title: "a display name", sent: { imageName: "ubuntu" } },
    { title: "an empty image", sent: { imageName: "vmi-a", image: {} } },
    { title: "image without imageName", sent: { image: image(VMI, "vmi-a") } },
    { title: "a manifest without references", sent: { className: "small" } },
  ])("M20: $title keeps the stored references", ({ sent }) => {
    const old = { imageName: "vmi-a", image: image(VMI, "vmi-a") };
    expect(machineOf(update(set(old), sent))).toMatchObject(old);
  });

  it("M8: warns that vm-operator resolves a display name again for each machine", () => {
    const images = [...IMAGES, vmi("old-item", "centos")];
    const asked = request(set({ imageName: "old-item" }), KIND);
    const made = answer("mutate", asked, indexOf(images));
    expect(machineOf(made)).toEqual({ imageName: "centos", image: image(VMI, "old-item") });
    expect(made.warnings).toEqual([
      'spec.template.spec.imageName: "centos": vm-operator resolves this display name again for each machine; image alone, without imageName, is better',
    ]);
  });

  it("M20: removing every reference is refused", () => {
    expect(update(stored(), { className: "large" }).decision).toMatchObject({ is: "allowed" });
    const { errors } = validate(set({ className: "large" }), { oldObject: { ...stored() } });
    expect(errors.map(({ check }) => check)).toEqual(["required"]);
  });

  it("immutable and cdrom-powered-on do not apply to templates", () => {
    const media = (name: string): object => ({ hardware: { cdrom: [{ name: "cd1", image: image(VMI, name) }] } });
    const on = { powerState: "PoweredOn", guestID: "g", imageName: "vmi-a", image: image(VMI, "vmi-a") };
    const old = set({ ...on, ...media("vmi-i") });
    const changed = set({ ...on, imageName: "vmi-c", image: image(CVMI, "vmi-c"), ...media("vmi-j") });
    expect(validate(changed, { oldObject: { ...old } }).errors).toEqual([]);
  });

  it("a ReplicaSet whose image is deleted can be scaled", () => {
    const old = set({ imageName: "vmi-gone", image: image(VMI, "vmi-gone") });
    const scaled = { spec: { ...old.spec, replicas: 5 } };
    const asked = request(scaled, { ...KIND, oldObject: { ...old } });
    for (const endpoint of ["mutate", "validate"] as const) {
      expect(answer(endpoint, asked, indexOf([], [])).decision).toMatchObject({ is: "allowed", warnings: [] });
    }
  });
});
