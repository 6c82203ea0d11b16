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

/** Where a version has its CD-ROMs. */
const PLACES = [
  { version: "v1alpha3", base: "spec.cdrom" },
  { version: "v1alpha4", base: "spec.cdrom" },
  { version: "v1alpha5", base: "spec.hardware.cdrom" },
  { version: "v1alpha6", base: "spec.hardware.cdrom" },
] as const;
type Place = (typeof PLACES)[number];
const NEWEST: Place = PLACES[3];

const image = (kind: unknown, name: unknown): object => ({ kind, name });

/** A CD-ROM for each image: cd1, cd2, ... */
function cdroms(...images: readonly unknown[]): readonly object[] {
  return images.map((each, index) => ({ name: `cd${index + 1}`, ...(each === undefined ? {} : { image: each }) }));
}

function spec({ base }: Place, list: unknown, rest: object = {}): object {
  const media = base === "spec.cdrom" ? { cdrom: list } : { hardware: { cdrom: list } };
  return { guestID: "otherLinux64Guest", ...rest, ...media };
}

function base({ base: path }: Place): string {
  return path;
}

function cdromsOf({ base }: Place, object: unknown): unknown {
  return at(object, base.split("."));
}

function requested(object: unknown): unknown {
  const text = at(object, ["metadata", "annotations", PINNED_ANNOTATION]);
  if (typeof text !== "string") return undefined;
  const pins = JSON.parse(text) as Record<string, { requested: string }>;
  return Object.fromEntries(Object.entries(pins).map(([key, pin]) => [key, pin.requested]));
}

function create(place: Place, object: object, policy: Partial<AdmissionPolicy> = {}): Answer {
  const { version } = place;
  const index = indexOf(IMAGES);
  const made = answer("mutate", request({ spec: object }, { version }), index, policy);
  const again = answer("mutate", request(made.object, { version }), index, policy);
  if (made.decision.is === "allowed") expect(again.patched, "a second run").toEqual([]);
  return made;
}

function update(place: Place, old: object, object: object, images = IMAGES): Answer {
  return answer("mutate", request(object, { version: place.version, oldObject: { ...old } }), indexOf(images));
}

describe.each(PLACES)("CREATE in $version", (place) => {
  const { base, version } = place;

  it.each([
    { title: "a display name within its kind", sent: image(VMI, "installer"), becomes: image(VMI, "vmi-i") },
    { title: "LIBRARY/NAME", sent: image(VMI, "cl-b/drivers"), becomes: image(VMI, "vmi-k") },
    { title: "no kind, of the cluster", sent: { name: "tools" }, becomes: image(CVMI, "vmi-c") },
    { title: "an empty kind", sent: image("", "vmi-i"), becomes: image(VMI, "vmi-i") },
    { title: "a given kind of two scopes stays", sent: image(CVMI, "vmi-t"), becomes: image(CVMI, "vmi-t") },
    { title: "an object name stays", sent: image(VMI, "vmi-i"), becomes: image(VMI, "vmi-i") },
    {
      title: "unknown members stay",
      sent: { ...image(VMI, "installer"), x: [1] },
      becomes: { ...image(VMI, "vmi-i"), x: [1] },
    },
  ])("M17: $title", ({ sent, becomes }) => {
    const { object, decision } = create(place, spec(place, cdroms(sent), { imageName: "ubuntu" }));
    expect(decision).toMatchObject({ is: "allowed", images: expect.arrayContaining(["vmi-ovf"]) as unknown });
    expect(cdromsOf(place, object)).toEqual(cdroms(becomes));
    const validated = answer("validate", request(object, { version }), indexOf(IMAGES));
    expect(validated).toMatchObject({ errors: [], warnings: [] });
  });

  it("M10: what was requested is kept by the CD-ROM's name", () => {
    const { object } = create(place, spec(place, cdroms(image(VMI, "installer")), { imageName: "vmi-ovf" }));
    expect(requested(object)).toEqual({ [`${base}[cd1].image.name`]: "installer" });
  });

  it.each(WRITE_MODES)("M18: the first connected CD-ROM says what boots, with --write %s", (write) => {
    const list = [
      { name: "cd1", connected: false, image: image(VMI, "installer") },
      { name: "cd2", image: image(CVMI, "tools") },
      { name: "cd3", connected: true, image: image(VMI, "vmi-j") },
    ];
    const { spec: made, object } = create(place, spec(place, list), { write });
    expect(at(made, ["imageName"])).toBe("vmi-c");
    expect(at(made, ["image"])).toEqual(write === "imageName" ? undefined : image(CVMI, "vmi-c"));
    expect(answer("validate", request(object, { version }), indexOf(IMAGES)).errors).toEqual([]);
  });

  it("M18: none connected, the first one", () => {
    const list = ["installer", "cl-a/drivers"].map((name, index) => ({
      name: `cd${index}`,
      connected: false,
      image: image(VMI, name),
    }));
    expect(create(place, spec(place, list)).spec).toMatchObject({ imageName: "vmi-i", image: image(VMI, "vmi-i") });
  });

  it("M18: the namespaced image of its object name, as vm-operator reads it", () => {
    const { spec: made } = create(place, spec(place, cdroms(image(CVMI, "vmi-t"))));
    expect(made).toMatchObject({ imageName: "vmi-t", image: image(VMI, "vmi-t") });
  });

  it("M8: the display name of an image without the prefix vmi- goes into imageName", () => {
    const { spec: made, object } = create(place, spec(place, cdroms(image(VMI, "boot-iso"))));
    const boot = { imageName: "boot", image: image(VMI, "boot-iso") };
    expect(made).toEqual({ ...spec(place, cdroms(image(VMI, "boot-iso"))), ...boot });
    expect(answer("validate", request(object, { version }), indexOf(IMAGES)).errors).toEqual([]);
  });

  it("M8: nothing, and a warning, where the display name does not say exactly that image", () => {
    const asked = request({ spec: spec(place, cdroms(image(VMI, "boot-iso"))) }, { version });
    const images = [...IMAGES, cvmi("vmi-b", "boot")];
    const { spec: made, warnings } = answer("mutate", asked, indexOf(images));
    expect(made).toEqual(spec(place, cdroms(image(VMI, "boot-iso"))));
    expect(warnings).toEqual([
      'spec.imageName: vm-operator will refuse it: neither the object name "boot-iso" nor a display name says exactly this image to it; give the image a unique display name',
    ]);
  });

  it("M7: image and CD-ROMs, both by display names", () => {
    const { spec: made } = create(place, spec(place, cdroms({ name: "installer" }), { image: { name: "ubuntu" } }));
    expect(made).toMatchObject({ imageName: "vmi-ovf", image: image(VMI, "vmi-ovf") });
    expect(cdromsOf(place, { spec: made })).toEqual(cdroms(image(VMI, "vmi-i")));
  });

  it("all errors of all CD-ROMs are reported together, and unresolved names are asked for", () => {
    const list = cdroms(image(VMI, "instaler"), image("Secret", "x"), image(VMI, "drivers"), image(VMI, ""));
    const { decision, errors } = create(place, spec(place, list, { imageName: "nothing" }));
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

  it("a list of two CD-ROMs with one name keeps what was requested for each", () => {
    const list = ["installer", "cl-b/drivers"].map((name) => ({ name: "cd", image: image(VMI, name) }));
    const { object } = create(place, spec(place, list, { imageName: "vmi-ovf" }));
    expect(requested(object)).toEqual({
      [`${base}[cd].image.name`]: "installer",
      [`${base}[1].image.name`]: "cl-b/drivers",
    });
  });

  it.each([
    { title: "an entry without a name before one that is called like its position", names: [undefined, "0"] },
    { title: "an entry without a name at the position that another is called", names: ["1", undefined] },
  ])("$title: each keeps its own image and what was requested for it", ({ names }) => {
    const wanted = ["installer", "cl-b/drivers"];
    const list = names.map((name, index) => ({ ...(name && { name }), image: image(VMI, wanted[index]) }));
    const { object } = create(place, spec(place, list, { imageName: "vmi-ovf" }));
    expect(Object.values(requested(object) as object)).toEqual(wanted);
    const again = update(place, object, { spec: spec(place, list, { imageName: "vmi-ovf" }) });
    expect(again.object).toEqual(object);
  });
});

describe.each(PLACES)("UPDATE in $version", (place) => {
  const stored = (): object =>
    create(place, spec(place, cdroms(image(VMI, "installer")), { imageName: "ubuntu" })).object;

  it.each([
    { title: "the original manifest", sent: image(VMI, "installer") },
    { title: "the object name", sent: image(VMI, "vmi-i") },
    { title: "the object name without a kind", sent: { name: "vmi-i" } },
    { title: "LIBRARY/NAME", sent: image(VMI, "cl-a/installer") },
    { title: "no kind", sent: { name: "installer" } },
    { title: "no image at all", sent: undefined },
  ])("M19: $title keeps the stored image, whatever became of the images", ({ sent }) => {
    const old = stored();
    const object = { spec: spec(place, cdroms(sent), { imageName: "ubuntu" }) };
    for (const images of [IMAGES, [...IMAGES, vmi("vmi-other", "installer", ISO)]]) {
      const { object: kept } = update(place, old, object, images);
      expect(cdromsOf(place, kept)).toEqual(cdromsOf(place, old));
      expect(at(kept, ["spec", "imageName"])).toBe("vmi-ovf");
    }
  });

  it("M19: what was requested is a name of it even when the image is gone", () => {
    const old = stored();
    const object = { spec: spec(place, cdroms(image(VMI, "installer")), { imageName: "ubuntu" }) };
    expect(cdromsOf(place, update(place, old, object, []).object)).toEqual(cdromsOf(place, old));
  });

  const off = (sent: unknown): object => ({ spec: spec(place, cdroms(sent), { imageName: "vmi-ovf" }) });

  it.each([
    {
      title: "a kind that is corrected",
      old: image(VMI, "vmi-c"),
      sent: image(CVMI, "vmi-c"),
      becomes: image(CVMI, "vmi-c"),
    },
    {
      title: "the name without the kind",
      old: image(VMI, "vmi-c"),
      sent: { name: "vmi-c" },
      becomes: image(CVMI, "vmi-c"),
    },
    {
      title: "an object name for a display name",
      old: image(VMI, "installer"),
      sent: image(VMI, "vmi-i"),
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "the other one of two kinds",
      old: image(VMI, "vmi-t"),
      sent: image(CVMI, "vmi-t"),
      becomes: image(CVMI, "vmi-t"),
    },
    {
      title: "a kind for an empty one",
      old: image("", "vmi-i"),
      sent: image(VMI, "vmi-i"),
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "a display name for a name without a kind, which is filled,",
      old: image("", "vmi-i"),
      sent: { name: "installer" },
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "no image for a name without a kind, which is filled,",
      old: { name: "vmi-i" },
      sent: {},
      becomes: image(VMI, "vmi-i"),
    },
    {
      title: "a missing kind, which is filled",
      old: { name: "vmi-c" },
      sent: { name: "vmi-c" },
      becomes: image(CVMI, "vmi-c"),
    },
  ])("M19: $title is taken", ({ old, sent, becomes }) => {
    const stored = off(old);
    const { object, decision } = update(place, stored, off(sent));
    expect(decision).toMatchObject({ is: "allowed" });
    expect(cdromsOf(place, object)).toEqual(cdroms(becomes));
    expect(update(place, stored, object).patched, "a second run").toEqual([]);
    const asked = request(object, { version: place.version, oldObject: { ...stored } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors).toEqual([]);
  });

  it("M19: strict: a display name that is stored without a kind gets none, with which it would mean nothing", () => {
    const old = off({ name: "installer" });
    const index = indexOf(IMAGES);
    const asked = request(off({ name: "installer" }), { version: place.version, oldObject: { ...old } });
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
      const old = create(place, spec(place, cdroms({ name: "installer" }), { imageName: "vmi-ovf" })).object;
      const images = [...IMAGES.filter(({ name }) => name !== "vmi-i"), moved];
      expect(cdromsOf(place, update(place, old, off({ name: "installer" }), images).object)).toEqual(cdroms(becomes));
    },
  );

  describe("of a machine that is powered on", () => {
    const on = (sent: unknown): object => ({
      spec: { ...(off(sent) as { spec: object }).spec, powerState: "PoweredOn" },
    });
    const pin = { requested: "installer", resolved: "vmi-c" };
    const requestedBefore = {
      metadata: { annotations: { [PINNED_ANNOTATION]: JSON.stringify({ [`${base(place)}[cd1].image.name`]: pin }) } },
    };

    it.each([
      { title: "the name without a kind", sent: { name: "vmi-c" } },
      { title: "what was requested", sent: { name: "installer" } },
      { title: "no image", sent: undefined },
    ])("M19: $title keeps a stored image that names nothing", ({ sent }) => {
      const old = { ...requestedBefore, ...on(image(VMI, "vmi-c")) };
      const kept = update(place, old, on(sent));
      expect(kept.decision).toMatchObject({ is: "allowed" });
      expect(cdromsOf(place, kept.object)).toEqual(cdroms(image(VMI, "vmi-c")));
    });

    it.each([
      { title: "another kind", sent: image(CVMI, "vmi-c") },
      { title: "another object name", sent: image(VMI, "vmi-i") },
    ])("M19: $title is refused, and no 422", ({ sent }) => {
      expect(update(place, on(image(VMI, "vmi-c")), on(sent)).errors).toMatchObject([{ check: "cdrom-powered-on" }]);
    });

    it("M19: a display name without a kind keeps a stored object name of another kind", () => {
      const images = [...IMAGES, cvmi("item", "item-name", ISO)];
      const kept = update(place, on(image(VMI, "item")), on({ name: "item-name" }), images);
      expect(cdromsOf(place, kept.object)).toEqual(cdroms(image(VMI, "item")));
    });

    it("M19: a kind for an empty one is taken", () => {
      const filled = update(place, on({ name: "vmi-i" }), on(image(VMI, "vmi-i")));
      expect(cdromsOf(place, filled.object)).toEqual(cdroms(image(VMI, "vmi-i")));
    });
  });

  it("M19: another image, and a new CD-ROM, are resolved as on CREATE; their order does not matter", () => {
    const list = [
      { name: "cd2", image: { name: "tools" } },
      { name: "cd1", image: image(VMI, "cl-b/drivers") },
    ];
    const { object } = update(place, stored(), { spec: spec(place, list, { imageName: "ubuntu" }) });
    expect(cdromsOf(place, object)).toEqual([
      { name: "cd2", image: image(CVMI, "vmi-c") },
      { name: "cd1", image: image(VMI, "vmi-k") },
    ]);
  });

  it("M19: an unchanged CD-ROM is not judged, a changed one is", () => {
    const old = { spec: spec(place, cdroms(image(VMI, "vmi-gone")), { imageName: "vmi-ovf" }) };
    const list = [...cdroms(image(VMI, "vmi-gone")), { name: "new", image: image(VMI, "vmi-none") }];
    const { errors } = update(place, old, { spec: spec(place, list, { imageName: "vmi-ovf" }) });
    expect(errors.map(({ field }) => field)).toEqual([`${place.base}[1].image.name`]);
  });

  it("M19: /validate can put nothing back, so that another spelling is judged there", () => {
    const old = stored();
    const object = { spec: { ...(at(old, ["spec"]) as object), ...spec(place, cdroms({ name: "installer" })) } };
    const asked = request(object, { version: place.version, oldObject: { ...old } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors.map(({ check }) => check)).toEqual(["kind"]);
  });

  it("M12: a machine boots what it was created with, also where its CD-ROM changes", () => {
    const old = create(place, spec(place, cdroms(image(VMI, "installer")))).object;
    const { object } = update(place, old, { spec: spec(place, cdroms(image(VMI, "cl-b/drivers"))) });
    expect(object["spec"]).toMatchObject({ imageName: "vmi-i", image: image(VMI, "vmi-i") });
    expect(cdromsOf(place, object)).toEqual(cdroms(image(VMI, "vmi-k")));
  });

  it("M12: imageName that came from a CD-ROM comes back with it", () => {
    const old = create(place, spec(place, cdroms(image(VMI, "installer")))).object;
    const { object } = update(place, old, { spec: spec(place, cdroms(image(VMI, "installer"))) });
    expect(object["spec"]).toEqual(old["spec"]);
  });
});

describe("malformed CD-ROMs", () => {
  it("type: one that an UPDATE leaves as it was is refused where another reference changes", () => {
    const stored = { spec: spec(NEWEST, cdroms(image(7, "vmi-i")), { imageName: "vmi-ovf" }) };
    const sent = { spec: spec(NEWEST, cdroms(image(7, "vmi-i")), { imageName: "vmi-i" }) };
    expect(update(NEWEST, stored, sent).errors).toMatchObject([{ check: "type" }]);
    expect(update(NEWEST, stored, stored).decision).toMatchObject({ is: "allowed", patch: [] });
  });

  it.each([
    { title: "a list that is an object", list: {}, field: "spec.hardware.cdrom" },
    { title: "an entry that is a text", list: ["cd1"], field: "spec.hardware.cdrom[0]" },
    { title: "an image that is a text", list: cdroms("vmi-i"), field: "spec.hardware.cdrom[0].image" },
    { title: "a kind that is a number", list: cdroms(image(7, "vmi-i")), field: "spec.hardware.cdrom[0].image.kind" },
    { title: "a name that is a list", list: cdroms(image(VMI, ["x"])), field: "spec.hardware.cdrom[0].image.name" },
  ])("$title is refused", ({ list, field }) => {
    const asked = request({ spec: spec(NEWEST, list, { imageName: "ubuntu" }) });
    for (const endpoint of ["mutate", "validate"] as const) {
      const { errors } = answer(endpoint, asked, indexOf(IMAGES));
      expect(errors).toMatchObject([{ check: "type", reason: "FieldValueTypeInvalid", field }]);
    }
  });

  it("an entry without an image is refused by the field that it lacks", () => {
    const asked = request({ spec: spec(NEWEST, cdroms(undefined), { imageName: "ubuntu" }) });
    expect(answer("mutate", asked, indexOf(IMAGES)).spec).toMatchObject({ hardware: { cdrom: [{ name: "cd1" }] } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors).toMatchObject([
      { check: "required", field: "spec.hardware.cdrom[0].image.name" },
    ]);
  });
});

describe("an index that is not synced", () => {
  it.each(["CREATE", "UPDATE"])("is no decision on %s where only a CD-ROM needs it", (operation) => {
    const object = { spec: spec(NEWEST, cdroms(image(CVMI, "tools")), { imageName: "ubuntu" }) };
    const old = { spec: spec(NEWEST, [], { imageName: "ubuntu" }) };
    const facts = operation === "UPDATE" ? { oldObject: old } : {};
    const { decision } = answer("mutate", request(object, facts), indexOf(IMAGES, [VMI]));
    expect(decision).toMatchObject({ is: "undecided", because: expect.stringContaining(CVMI) as unknown });
  });
});
