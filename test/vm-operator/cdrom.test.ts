import { WRITE_MODES } from "../../src/vm-operator/policy.ts";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import { at } from "../../src/common/json.ts";
import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";

import { answer, type Answer, request } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const ISO = { type: "ISO" };
const IMAGES = [
  vmi("vmi-ovf", "ubuntu"),
  vmi("vmi-i", "installer", { ...ISO, library: "cl-a" }),
  vmi("vmi-j", "drivers", { ...ISO, library: "cl-a" }),
  vmi("vmi-k", "drivers", { ...ISO, library: "cl-b" }),
  cvmi("vmi-c", "tools", ISO),
  vmi("vmi-t", "twin", ISO),
  cvmi("vmi-t", "twin-of-cluster", ISO),
  vmi("boot-iso", "boot", ISO),
];

/** Path of the CD-ROMs in each version. */
const LOCATIONS = [
  { version: "v1alpha3", base: "spec.cdrom" },
  { version: "v1alpha4", base: "spec.cdrom" },
  { version: "v1alpha5", base: "spec.hardware.cdrom" },
  { version: "v1alpha6", base: "spec.hardware.cdrom" },
] as const;
type Location = (typeof LOCATIONS)[number];
const NEWEST: Location = LOCATIONS[3];

const image = (kind: unknown, name: unknown): object => ({ kind, name });

/** One CD-ROM for each image: cd1, cd2, ... */
function cdroms(...images: readonly unknown[]): readonly object[] {
  return images.map((each, index) => ({ name: `cd${index + 1}`, ...(each === undefined ? {} : { image: each }) }));
}

function spec({ base }: Location, list: unknown, rest: object = {}): object {
  const media = base === "spec.cdrom" ? { cdrom: list } : { hardware: { cdrom: list } };
  return { guestID: "otherLinux64Guest", ...rest, ...media };
}

function base({ base: path }: Location): string {
  return path;
}

function cdromsOf({ base }: Location, object: unknown): unknown {
  return at(object, base.split("."));
}

function requested(object: unknown): unknown {
  const text = at(object, ["metadata", "annotations", PINNED_ANNOTATION]);
  if (typeof text !== "string") return undefined;
  const pins = JSON.parse(text) as Record<string, { requested: string }>;
  return Object.fromEntries(Object.entries(pins).map(([key, pin]) => [key, pin.requested]));
}

function create(location: Location, object: object, policy: Partial<AdmissionPolicy> = {}): Answer {
  const { version } = location;
  const index = indexOf(IMAGES);
  const made = answer("mutate", request({ spec: object }, { version }), index, policy);
  const again = answer("mutate", request(made.object, { version }), index, policy);
  if (made.decision.is === "allowed") expect(again.patched, "a second run").toEqual([]);
  return made;
}

function update(location: Location, old: object, object: object, images = IMAGES): Answer {
  return answer("mutate", request(object, { version: location.version, oldObject: { ...old } }), indexOf(images));
}

describe.each(LOCATIONS)("mutation of CD-ROMs on CREATE in $version", (location) => {
  const { base, version } = location;

  it.each([
    {
      title: "a display name becomes the VMI ID of an image of its kind",
      sent: image(VMI, "installer"),
      becomes: image(VMI, "vmi-i"),
    },
    { title: "LIBRARY/NAME", sent: image(VMI, "cl-b/drivers"), becomes: image(VMI, "vmi-k") },
    { title: "a missing kind is filled for a cluster image", sent: { name: "tools" }, becomes: image(CVMI, "vmi-c") },
    { title: "an empty kind is filled", sent: image("", "vmi-i"), becomes: image(VMI, "vmi-i") },
    {
      title: "the kind stays where both scopes have the object name",
      sent: image(CVMI, "vmi-t"),
      becomes: image(CVMI, "vmi-t"),
    },
    { title: "an object name stays", sent: image(VMI, "vmi-i"), becomes: image(VMI, "vmi-i") },
    {
      title: "unknown fields stay",
      sent: { ...image(VMI, "installer"), x: [1] },
      becomes: { ...image(VMI, "vmi-i"), x: [1] },
    },
  ])("M17: $title", ({ sent, becomes }) => {
    const { object, decision } = create(location, spec(location, cdroms(sent), { imageName: "ubuntu" }));
    expect(decision).toMatchObject({ is: "allowed", images: expect.arrayContaining(["vmi-ovf"]) as unknown });
    expect(cdromsOf(location, object)).toEqual(cdroms(becomes));
    const validated = answer("validate", request(object, { version }), indexOf(IMAGES));
    expect(validated).toMatchObject({ errors: [], warnings: [] });
  });

  it("M10: the pinned annotation records the requested name under the name of the CD-ROM", () => {
    const { object } = create(location, spec(location, cdroms(image(VMI, "installer")), { imageName: "vmi-ovf" }));
    expect(requested(object)).toEqual({ [`${base}[cd1].image.name`]: "installer" });
  });

  it.each(WRITE_MODES)("M18: the first connected CD-ROM decides the boot image, with --write %s", (write) => {
    const list = [
      { name: "cd1", connected: false, image: image(VMI, "installer") },
      { name: "cd2", image: image(CVMI, "tools") },
      { name: "cd3", connected: true, image: image(VMI, "vmi-j") },
    ];
    const { spec: made, object } = create(location, spec(location, list), { write });
    expect(at(made, ["imageName"])).toBe("vmi-c");
    expect(at(made, ["image"])).toEqual(write === "imageName" ? undefined : image(CVMI, "vmi-c"));
    expect(answer("validate", request(object, { version }), indexOf(IMAGES)).errors).toEqual([]);
  });

  it("M18: the first CD-ROM decides the boot image where none is connected", () => {
    const list = ["installer", "cl-a/drivers"].map((name, index) => ({
      name: `cd${index}`,
      connected: false,
      image: image(VMI, name),
    }));
    expect(create(location, spec(location, list)).spec).toMatchObject({
      imageName: "vmi-i",
      image: image(VMI, "vmi-i"),
    });
  });

  it("M18: a CD-ROM of the cluster kind boots the namespaced image with the same object name, as in vm-operator", () => {
    const { spec: made } = create(location, spec(location, cdroms(image(CVMI, "vmi-t"))));
    expect(made).toMatchObject({ imageName: "vmi-t", image: image(VMI, "vmi-t") });
  });

  it("M8: imageName is filled with the display name where the CD-ROM's object name lacks the prefix vmi-", () => {
    const { spec: made, object } = create(location, spec(location, cdroms(image(VMI, "boot-iso"))));
    const boot = { imageName: "boot", image: image(VMI, "boot-iso") };
    expect(made).toEqual({ ...spec(location, cdroms(image(VMI, "boot-iso"))), ...boot });
    expect(answer("validate", request(object, { version }), indexOf(IMAGES)).errors).toEqual([]);
  });

  it("M8: imageName stays absent, with a warning, where another image has the same display name", () => {
    const asked = request({ spec: spec(location, cdroms(image(VMI, "boot-iso"))) }, { version });
    const images = [...IMAGES, cvmi("vmi-b", "boot")];
    const { spec: made, warnings } = answer("mutate", asked, indexOf(images));
    expect(made).toEqual(spec(location, cdroms(image(VMI, "boot-iso"))));
    expect(warnings).toEqual([
      'spec.imageName: vm-operator will refuse it: neither the object name "boot-iso" nor a display name says exactly this image to it; give the image a unique display name',
    ]);
  });

  it("M7: display names in image and in a CD-ROM both become VMI IDs", () => {
    const { spec: made } = create(
      location,
      spec(location, cdroms({ name: "installer" }), { image: { name: "ubuntu" } }),
    );
    expect(made).toMatchObject({ imageName: "vmi-ovf", image: image(VMI, "vmi-ovf") });
    expect(cdromsOf(location, { spec: made })).toEqual(cdroms(image(VMI, "vmi-i")));
  });

  it("errors of all CD-ROMs are reported together, with the unresolved names for a live read", () => {
    const list = cdroms(image(VMI, "instaler"), image("Secret", "x"), image(VMI, "drivers"), image(VMI, ""));
    const { decision, errors } = create(location, spec(location, list, { imageName: "nothing" }));
    expect(errors.map(({ check, field }) => [check, field])).toEqual([
      ["exists", "spec.imageName"],
      ["exists", `${base}[0].image.name`],
      ["exists", `${base}[2].image.name`],
      ["kind", `${base}[1].image.kind`],
    ]);
    expect(decision).toMatchObject({
      unresolvedQueries: [
        { namespace: "dev", name: "nothing", kind: undefined },
        { namespace: "dev", name: "instaler", kind: VMI },
      ],
    });
  });

  it("two CD-ROMs with the same name each keep their requested name in the annotation", () => {
    const list = ["installer", "cl-b/drivers"].map((name) => ({ name: "cd", image: image(VMI, name) }));
    const { object } = create(location, spec(location, list, { imageName: "vmi-ovf" }));
    expect(requested(object)).toEqual({
      [`${base}[cd].image.name`]: "installer",
      [`${base}[1].image.name`]: "cl-b/drivers",
    });
  });

  it.each([
    { title: "an entry without a name before an entry whose name is 0", names: [undefined, "0"] },
    { title: "an entry without a name at index 1 after an entry whose name is 1", names: ["1", undefined] },
  ])("$title: each entry keeps its own image and its requested name", ({ names }) => {
    const wanted = ["installer", "cl-b/drivers"];
    const list = names.map((name, index) => ({ ...(name && { name }), image: image(VMI, wanted[index]) }));
    const { object } = create(location, spec(location, list, { imageName: "vmi-ovf" }));
    expect(Object.values(requested(object) as object)).toEqual(wanted);
    const again = update(location, object, { spec: spec(location, list, { imageName: "vmi-ovf" }) });
    expect(again.object).toEqual(object);
  });
});

describe.each(LOCATIONS)("mutation of CD-ROMs on UPDATE in $version", (location) => {
  const stored = (): object =>
    create(location, spec(location, cdroms(image(VMI, "installer")), { imageName: "ubuntu" })).object;

  it.each([
    { title: "the original manifest", sent: image(VMI, "installer") },
    { title: "the object name", sent: image(VMI, "vmi-i") },
    { title: "the object name without a kind", sent: { name: "vmi-i" } },
    { title: "LIBRARY/NAME", sent: image(VMI, "cl-a/installer") },
    { title: "the display name without a kind", sent: { name: "installer" } },
    { title: "an entry without an image", sent: undefined },
  ])("M19: $title keeps the stored image, also after another image got its name", ({ sent }) => {
    const old = stored();
    const object = { spec: spec(location, cdroms(sent), { imageName: "ubuntu" }) };
    for (const images of [IMAGES, [...IMAGES, vmi("vmi-other", "installer", ISO)]]) {
      const { object: kept } = update(location, old, object, images);
      expect(cdromsOf(location, kept)).toEqual(cdromsOf(location, old));
      expect(at(kept, ["spec", "imageName"])).toBe("vmi-ovf");
    }
  });

  it("M19: the requested name keeps the stored image after that image is deleted", () => {
    const old = stored();
    const object = { spec: spec(location, cdroms(image(VMI, "installer")), { imageName: "ubuntu" }) };
    expect(cdromsOf(location, update(location, old, object, []).object)).toEqual(cdromsOf(location, old));
  });

  const off = (sent: unknown): object => ({ spec: spec(location, cdroms(sent), { imageName: "vmi-ovf" }) });

  it.each([
    {
      title: "a corrected kind",
      old: image(VMI, "vmi-c"),
      sent: image(CVMI, "vmi-c"),
      becomes: image(CVMI, "vmi-c"),
    },
    {
      title: "a name without its wrong kind",
      old: image(VMI, "vmi-c"),
      sent: { name: "vmi-c" },
      becomes: image(CVMI, "vmi-c"),
    },
    {
      title: "an object name in place of a display name",
      old: image(VMI, "installer"),
      sent: image(VMI, "vmi-i"),
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "the other kind, where both scopes have the object name,",
      old: image(VMI, "vmi-t"),
      sent: image(CVMI, "vmi-t"),
      becomes: image(CVMI, "vmi-t"),
    },
    {
      title: "a kind in place of an empty one",
      old: image("", "vmi-i"),
      sent: image(VMI, "vmi-i"),
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "a display name in place of an object name without a kind",
      old: image("", "vmi-i"),
      sent: { name: "installer" },
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "an empty image in place of an object name without a kind",
      old: { name: "vmi-i" },
      sent: {},
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "an object name that is stored without a kind",
      old: { name: "vmi-c" },
      sent: { name: "vmi-c" },
      becomes: image(CVMI, "vmi-c"),
    },
  ])("M19: $title is accepted with the kind of its image", ({ old, sent, becomes }) => {
    const stored = off(old);
    const { object, decision } = update(location, stored, off(sent));
    expect(decision).toMatchObject({ is: "allowed" });
    expect(cdromsOf(location, object)).toEqual(cdroms(becomes));
    expect(update(location, stored, object).patched, "a second run").toEqual([]);
    const asked = request(object, { version: location.version, oldObject: { ...stored } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors).toEqual([]);
  });

  it("M19: strict: a stored display name without a kind stays unchanged", () => {
    const old = off({ name: "installer" });
    const index = indexOf(IMAGES);
    const asked = request(off({ name: "installer" }), { version: location.version, oldObject: { ...old } });
    expect(answer("mutate", asked, index, { resolution: "strict" }).decision).toMatchObject({
      is: "allowed",
      patch: [],
    });
  });

  it.each([
    { title: "with the same ID", moved: cvmi("vmi-i", "installer", ISO), becomes: image(CVMI, "vmi-i") },
    { title: "with another ID", moved: cvmi("vmi-n", "installer", ISO), becomes: image(CVMI, "vmi-n") },
  ])(
    "M19: the display name of an image that moved to a cluster library, $title, is resolved again",
    ({ moved, becomes }) => {
      const old = create(location, spec(location, cdroms({ name: "installer" }), { imageName: "vmi-ovf" })).object;
      const images = [...IMAGES.filter(({ name }) => name !== "vmi-i"), moved];
      expect(cdromsOf(location, update(location, old, off({ name: "installer" }), images).object)).toEqual(
        cdroms(becomes),
      );
    },
  );

  describe("of a powered-on machine", () => {
    const on = (sent: unknown): object => ({
      spec: { ...(off(sent) as { spec: object }).spec, powerState: "PoweredOn" },
    });
    const pin = { requested: "installer", resolved: "vmi-c" };
    const requestedBefore = {
      metadata: {
        annotations: { [PINNED_ANNOTATION]: JSON.stringify({ [`${base(location)}[cd1].image.name`]: pin }) },
      },
    };

    it.each([
      { title: "the name without a kind", sent: { name: "vmi-c" } },
      { title: "the requested name", sent: { name: "installer" } },
      { title: "an entry without an image", sent: undefined },
    ])("M19: $title keeps a stored image that does not exist", ({ sent }) => {
      const old = { ...requestedBefore, ...on(image(VMI, "vmi-c")) };
      const kept = update(location, old, on(sent));
      expect(kept.decision).toMatchObject({ is: "allowed" });
      expect(cdromsOf(location, kept.object)).toEqual(cdroms(image(VMI, "vmi-c")));
    });

    it.each([
      { title: "another kind", sent: image(CVMI, "vmi-c") },
      { title: "another object name", sent: image(VMI, "vmi-i") },
    ])("M19: $title is refused by cdrom-powered-on", ({ sent }) => {
      expect(update(location, on(image(VMI, "vmi-c")), on(sent)).errors).toMatchObject([{ check: "cdrom-powered-on" }]);
    });

    it("M19: a display name without a kind keeps a stored object name of another kind", () => {
      const images = [...IMAGES, cvmi("item", "item-name", ISO)];
      const kept = update(location, on(image(VMI, "item")), on({ name: "item-name" }), images);
      expect(cdromsOf(location, kept.object)).toEqual(cdroms(image(VMI, "item")));
    });

    it("M19: a kind in place of an empty one is accepted", () => {
      const filled = update(location, on({ name: "vmi-i" }), on(image(VMI, "vmi-i")));
      expect(cdromsOf(location, filled.object)).toEqual(cdroms(image(VMI, "vmi-i")));
    });
  });

  it("M19: a changed and a new CD-ROM are resolved as on CREATE, in any order", () => {
    const list = [
      { name: "cd2", image: { name: "tools" } },
      { name: "cd1", image: image(VMI, "cl-b/drivers") },
    ];
    const { object } = update(location, stored(), { spec: spec(location, list, { imageName: "ubuntu" }) });
    expect(cdromsOf(location, object)).toEqual([
      { name: "cd2", image: image(CVMI, "vmi-c") },
      { name: "cd1", image: image(VMI, "vmi-k") },
    ]);
  });

  it("M19: a new CD-ROM is checked, and an unchanged one is not", () => {
    const old = { spec: spec(location, cdroms(image(VMI, "vmi-gone")), { imageName: "vmi-ovf" }) };
    const list = [...cdroms(image(VMI, "vmi-gone")), { name: "new", image: image(VMI, "vmi-none") }];
    const { errors } = update(location, old, { spec: spec(location, list, { imageName: "vmi-ovf" }) });
    expect(errors.map(({ field }) => field)).toEqual([`${location.base}[1].image.name`]);
  });

  it("M19: /validate checks another spelling, because it cannot restore the stored one", () => {
    const old = stored();
    const object = { spec: { ...(at(old, ["spec"]) as object), ...spec(location, cdroms({ name: "installer" })) } };
    const asked = request(object, { version: location.version, oldObject: { ...old } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors.map(({ check }) => check)).toEqual(["kind"]);
  });

  it("M12: imageName and image stay as created, although the CD-ROM changes", () => {
    const old = create(location, spec(location, cdroms(image(VMI, "installer")))).object;
    const { object } = update(location, old, { spec: spec(location, cdroms(image(VMI, "cl-b/drivers"))) });
    expect(object["spec"]).toMatchObject({ imageName: "vmi-i", image: image(VMI, "vmi-i") });
    expect(cdromsOf(location, object)).toEqual(cdroms(image(VMI, "vmi-k")));
  });

  it("M12: an imageName that was filled from a CD-ROM is restored", () => {
    const old = create(location, spec(location, cdroms(image(VMI, "installer")))).object;
    const { object } = update(location, old, { spec: spec(location, cdroms(image(VMI, "installer"))) });
    expect(object["spec"]).toEqual(old["spec"]);
  });
});

describe("malformed CD-ROMs", () => {
  it("type: an unchanged malformed CD-ROM is refused where an UPDATE changes another reference", () => {
    const stored = { spec: spec(NEWEST, cdroms(image(7, "vmi-i")), { imageName: "vmi-ovf" }) };
    const sent = { spec: spec(NEWEST, cdroms(image(7, "vmi-i")), { imageName: "vmi-i" }) };
    expect(update(NEWEST, stored, sent).errors).toMatchObject([{ check: "type" }]);
    expect(update(NEWEST, stored, stored).decision).toMatchObject({ is: "allowed", patch: [] });
  });

  it.each([
    {
      title: "a list that is an object",
      list: {},
      field: "spec.hardware.cdrom",
      expected: "a list",
      remedy: 'make it a list: put "- " in front of its first line',
    },
    { title: "an entry that is a string", list: ["cd1"], field: "spec.hardware.cdrom[0]", expected: "an object" },
    {
      title: "an image that is a string",
      list: cdroms("vmi-i"),
      field: "spec.hardware.cdrom[0].image",
      expected: "an object",
      remedy: "write it as spec.hardware.cdrom[0].image.name",
    },
    {
      title: "a kind that is a number",
      list: cdroms(image(7, "vmi-i")),
      field: "spec.hardware.cdrom[0].image.kind",
      expected: "a string",
      remedy: "put what you wrote in quotes",
    },
    {
      title: "a name that is a list",
      list: cdroms(image(VMI, ["x"])),
      field: "spec.hardware.cdrom[0].image.name",
      expected: "a string",
      remedy: 'write "x"',
    },
  ])("$title is refused", ({ list, field, expected, remedy }) => {
    const asked = request({ spec: spec(NEWEST, list, { imageName: "ubuntu" }) });
    for (const endpoint of ["mutate", "validate"] as const) {
      const { errors } = answer(endpoint, asked, indexOf(IMAGES));
      const why = `must be ${expected}`;
      expect(errors).toMatchObject([{ check: "type", reason: "FieldValueTypeInvalid", field, why }]);
      expect(errors[0]?.remedy).toBe(remedy);
    }
  });

  it("/validate refuses an entry without an image, by the missing field", () => {
    const asked = request({ spec: spec(NEWEST, cdroms(undefined), { imageName: "ubuntu" }) });
    expect(answer("mutate", asked, indexOf(IMAGES)).spec).toMatchObject({ hardware: { cdrom: [{ name: "cd1" }] } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors).toMatchObject([
      { check: "required", field: "spec.hardware.cdrom[0].image.name" },
    ]);
  });
});

describe("an index that is not synced", () => {
  it.each(["CREATE", "UPDATE"])("leaves %s undecided where only a CD-ROM needs the missing list", (operation) => {
    const object = { spec: spec(NEWEST, cdroms(image(CVMI, "tools")), { imageName: "ubuntu" }) };
    const old = { spec: spec(NEWEST, [], { imageName: "ubuntu" }) };
    const facts = operation === "UPDATE" ? { oldObject: old } : {};
    const { decision } = answer("mutate", request(object, facts), indexOf(IMAGES, [VMI]));
    expect(decision).toMatchObject({ is: "undecided", because: expect.stringContaining(CVMI) as unknown });
  });
});
