import { NO_FINDINGS } from "../../src/references/check.ts";
import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";

import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";
import { FAILED_OVER_ANNOTATION } from "../../src/vm-operator/boot-changes.ts";
import { answer, type Answer, request, type RequestFacts, type VirtualMachine } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const image = (kind: string, name: string): object => ({ kind, name });

const UBUNTU = vmi("vmi-a", "ubuntu", { library: "cl-a" });
const ROCKY = cvmi("vmi-c", "rocky");
const IMAGES = [UBUNTU, ROCKY, vmi("vmi-p", "photon"), vmi("vmi-q", "photon"), vmi("vmi-g", "vmi-golden")];

function pinned(pins: Readonly<Record<string, readonly [string, string]>>): object {
  const entries = Object.entries(pins).map(([field, [requested, resolved]]) => [field, { requested, resolved }]);
  return { annotations: { [PINNED_ANNOTATION]: JSON.stringify(Object.fromEntries(entries)) } };
}

/** The stored machine after `imageName: ubuntu` with `--write both`. */
const STORED: VirtualMachine = {
  metadata: pinned({ "spec.imageName": ["ubuntu", "vmi-a"] }),
  spec: { imageName: "vmi-a", image: image(VMI, "vmi-a"), className: "small" },
};

function update(
  old: VirtualMachine,
  object: VirtualMachine,
  {
    images = IMAGES,
    policy = {},
    facts = {},
  }: {
    images?: typeof IMAGES;
    policy?: Partial<AdmissionPolicy>;
    facts?: RequestFacts;
  } = {},
): Answer {
  return answer("mutate", request(object, { oldObject: { ...old }, ...facts }), indexOf(images), policy);
}

interface Row {
  readonly rule: string;
  readonly title: string;
  readonly old?: VirtualMachine;
  readonly spec?: object;
  readonly metadata?: object;
  readonly images?: typeof IMAGES;
  readonly version?: string;
}

/** Updates that get the stored references back. */
const KEPT: readonly Row[] = [
  { rule: "M12", title: "where imageName and image are absent", spec: { className: "large" } },
  { rule: "M12", title: "where imageName is empty and image is null", spec: { imageName: "", image: null } },
  { rule: "M12", title: "where image is an empty object", spec: { imageName: "vmi-a", image: {} } },
  { rule: "M12", title: "where the kind is absent", spec: { imageName: "vmi-a", image: { name: "vmi-a" } } },
  { rule: "M12", title: "where the name is absent", spec: { imageName: "vmi-a", image: { kind: VMI } } },
  {
    rule: "M12",
    title: "where the name is absent beside an unsupported kind, and no kind is stored",
    old: { spec: { imageName: "vmi-a", image: { name: "vmi-a" } } },
    spec: { imageName: "vmi-a", image: { kind: "Secret" } },
  },
  { rule: "M12", title: "where there is no spec", metadata: {} },
  {
    rule: "M12",
    title: "where imageName is absent in v1alpha1",
    old: { spec: { imageName: "vmi-a" } },
    spec: {},
    version: "v1alpha1",
  },
  { rule: "M13", title: "for unchanged references", spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } },
  { rule: "M13", title: "for its display name", spec: { imageName: "ubuntu", image: image(VMI, "vmi-a") } },
  { rule: "M13", title: "for its LIBRARY/NAME", spec: { imageName: "cl-a/ubuntu", image: image(VMI, "vmi-a") } },
  { rule: "M13", title: "for its display name in image", spec: { imageName: "vmi-a", image: { name: "ubuntu" } } },
  {
    rule: "M13",
    title: "for the requested name, although the image is deleted",
    spec: { imageName: "ubuntu", image: image(VMI, "vmi-a") },
    images: [ROCKY],
  },
  {
    rule: "M13",
    title: "for the requested name, although it is ambiguous now",
    spec: { imageName: "ubuntu" },
    images: [UBUNTU, vmi("vmi-b", "ubuntu")],
  },
  {
    rule: "M13",
    title: "for the requested name, although it names another image now",
    spec: { imageName: "ubuntu", image: image(VMI, "vmi-a") },
    images: [vmi("vmi-new", "ubuntu")],
  },
  {
    rule: "M13",
    title: "for a display name that is ambiguous now, without an annotation",
    old: { spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } },
    spec: { imageName: "ubuntu" },
    images: [UBUNTU, vmi("vmi-b", "ubuntu")],
  },
  {
    rule: "M13",
    title: "for an object name beside a stored display name (--write image)",
    old: { spec: { imageName: "ubuntu", image: image(VMI, "vmi-a") } },
    spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
  },
  {
    rule: "M13",
    title: "for an image, where only imageName is stored (--write imageName)",
    old: { spec: { imageName: "vmi-a" } },
    spec: { imageName: "ubuntu", image: image(VMI, "ubuntu") },
  },
  {
    rule: "M13",
    title: "for an imageName, where only image is stored",
    old: { spec: { image: image(VMI, "vmi-a") } },
    spec: { imageName: "ubuntu", image: image(VMI, "vmi-a") },
  },
  {
    rule: "M13",
    title: "for the VMI ID that a stored imageName without a pin means now",
    old: { spec: { imageName: "ubuntu" } },
    spec: { imageName: "vmi-a" },
  },
  {
    rule: "M13",
    title: "for the cluster kind that the webhook rewrote to the namespaced one",
    old: {
      metadata: pinned({ "spec.image.kind": [CVMI, VMI], "spec.image.name": ["rocky", "vmi-c"] }),
      spec: { imageName: "vmi-c", image: image(VMI, "vmi-c") },
    },
    spec: { imageName: "vmi-c", image: image(CVMI, "rocky") },
    images: [cvmi("vmi-new", "rocky")],
  },
  {
    rule: "M13",
    title: "for the cluster kind beside imageName, which M9 rewrites to the namespaced kind",
    spec: { imageName: "vmi-a", image: image(CVMI, "vmi-a") },
  },
  {
    rule: "M13",
    title: "for the cluster kind beside the imageName of a namespaced image that is deleted",
    spec: { imageName: "vmi-a", image: image(CVMI, "vmi-a") },
    images: [ROCKY],
  },
  ...[{ kind: "" }, {}].flatMap((kind): readonly Row[] => {
    // The result of converting a v1alpha1 or v1alpha2 machine.
    const old = { spec: { imageName: "ubuntu", image: { ...kind, name: "ubuntu" } } };
    const stored = `where a display name is stored with ${"kind" in kind ? "an empty" : "no"} kind`;
    return [
      {
        rule: "M13",
        title: `for the VMI ID, ${stored}`,
        old,
        spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
      },
      { rule: "M13", title: `for the VMI ID as imageName alone, ${stored}`, old, spec: { imageName: "vmi-a" } },
      { rule: "M13", title: `for the VMI ID as image alone, ${stored}`, old, spec: { image: { name: "vmi-a" } } },
      { rule: "M13", title: `for LIBRARY/NAME, ${stored}`, old, spec: { imageName: "cl-a/ubuntu" } },
      {
        rule: "M13",
        title: `for the stored name with its kind, ${stored}`,
        old,
        spec: { image: image(VMI, "ubuntu") },
      },
    ];
  }),
  {
    rule: "M13",
    title: "for the VMI ID, where a display name is stored with a kind",
    old: { spec: { imageName: "ubuntu", image: image(VMI, "ubuntu") } },
    spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
  },
  {
    rule: "M13",
    title: "for the VMI ID that the stored display name means, although an object of that name exists now",
    old: { spec: { imageName: "photon", image: image(VMI, "photon") } },
    spec: { imageName: "vmi-p", image: image(VMI, "vmi-p") },
    images: [vmi("vmi-p", "photon"), vmi("photon", "other")],
  },
  {
    rule: "M13",
    title: "for a kind that fills an empty one",
    old: { spec: { image: image("", "vmi-a") } },
    spec: { image: image(VMI, "vmi-a") },
  },
  {
    rule: "M13",
    title: "for a kind that fills an empty one beside another spelling",
    old: { spec: { image: image("", "vmi-a") } },
    spec: { image: image(VMI, "ubuntu") },
  },
  {
    rule: "M13",
    title: "for an empty image, where none is stored",
    old: { spec: { imageName: "vmi-a" } },
    spec: { imageName: "vmi-a", image: {} },
  },
  {
    rule: "M13",
    title: "for an object name, where imageName is the display name that vm-operator resolves (M8)",
    old: {
      metadata: pinned({ "spec.imageName": ["old-item", "centos"] }),
      spec: { imageName: "centos", image: image(VMI, "old-item") },
    },
    spec: { imageName: "old-item" },
    images: [vmi("old-item", "centos")],
  },
  {
    rule: "M13",
    title: "for a display name of the image with the same object name in the other scope",
    images: [UBUNTU, cvmi("vmi-a", "noble")],
    spec: { imageName: "noble", image: image(VMI, "vmi-a") },
  },
];

describe("UPDATE restores the stored references", () => {
  it.each(KEPT)("$rule: $title", ({ old = STORED, spec, metadata, images = IMAGES, version = "v1alpha6" }) => {
    const kept = update(
      old,
      { ...(metadata === undefined ? { metadata: old.metadata } : { metadata }), ...(spec && { spec }) },
      { images, facts: { version } },
    );
    expect(kept.decision).toMatchObject({ is: "allowed" });
    const { imageName, image: stored } = old.spec as Record<string, unknown>;
    expect({ ...(kept.spec as object) }).toMatchObject(
      JSON.parse(JSON.stringify({ imageName, image: stored })) as object,
    );
    if (stored === undefined) expect(kept.spec).not.toHaveProperty("image");
    if (imageName === undefined) expect(kept.spec).not.toHaveProperty("imageName");
    const again = answer("mutate", request(kept.object, { oldObject: { ...old }, version }), indexOf(images));
    expect(again.patched, "a second run").toEqual([]);
    const validated = answer("validate", request(kept.object, { oldObject: { ...old }, version }), indexOf(images));
    expect(validated.errors, "validation of the result").toEqual([]);
  });

  it.each(["vmi-a", ["vmi-a"], { kind: VMI, name: 3 }])(
    "M12: a stored image of a wrong type is not restored: %j",
    (wrong) => {
      const old = { spec: { imageName: "vmi-a", image: wrong } };
      const kept = update(old, { spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } });
      expect(kept.spec).toEqual({ imageName: "vmi-a" });
      expect(update(old, kept.object).patched).toEqual([]);
    },
  );

  it("M12: a stored kind of a wrong type is not restored", () => {
    const old = { spec: { imageName: "vmi-a", image: { kind: 7, name: "vmi-a" } } };
    const kept = update(old, { spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } });
    expect(kept.spec).toEqual({ imageName: "vmi-a", image: { name: "vmi-a" } });
    expect(update(old, kept.object).patched).toEqual([]);
  });

  it("M12: an unknown field of a stored image is restored", () => {
    const old = { spec: { image: { kind: VMI, name: "vmi-a", extra: { deep: [1] } } } };
    expect(update(old, { spec: {} }).spec).toEqual(old.spec);
  });

  it("M10: the pinned annotation is restored where the original manifest lacks it", () => {
    const { object } = update(STORED, { metadata: { name: "web" }, spec: { imageName: "ubuntu" } });
    expect(object).toMatchObject({ metadata: STORED.metadata });
  });

  it("M10: the pinned annotation is restored where the reference is left out", () => {
    const { object } = update(STORED, { metadata: { name: "web" }, spec: {} });
    expect(object).toMatchObject({ metadata: STORED.metadata });
  });

  it("M10: the pinned annotation records another spelling as the requested name", () => {
    const { object } = update(STORED, { ...STORED, spec: { imageName: "cl-a/ubuntu", image: image(VMI, "vmi-a") } });
    expect(object).toMatchObject({ metadata: pinned({ "spec.imageName": ["cl-a/ubuntu", "vmi-a"] }) });
  });

  it("M10: an entry whose resolved value is not in the field is removed", () => {
    const metadata = pinned({ "spec.imageName": ["ubuntu", "vmi-z"] });
    const { object } = update(STORED, { metadata, spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } });
    expect(object["metadata"]).toEqual({ annotations: {} });
  });

  it("M11: restoring a name takes one operation", () => {
    const sent = { metadata: STORED.metadata, spec: { imageName: "ubuntu", image: image(VMI, "vmi-a") } };
    expect(update(STORED, sent).decision).toMatchObject({
      patch: [{ op: "replace", path: "/spec/imageName", value: "vmi-a" }],
    });
  });
});

interface RefusedRow {
  readonly title: string;
  readonly old?: VirtualMachine;
  readonly spec: object;
  readonly fields: readonly string[];
  readonly otherImage: boolean;
}

const REFUSED: readonly RefusedRow[] = [
  { title: "an unknown name", spec: { imageName: "ubunto" }, fields: ["spec.imageName"], otherImage: false },
  { title: "an ambiguous name", spec: { imageName: "photon" }, fields: ["spec.imageName"], otherImage: false },
  {
    title: "a name of exactly one other image",
    spec: { imageName: "rocky" },
    fields: ["spec.imageName"],
    otherImage: true,
  },
  {
    title: "another image in both imageName and image",
    spec: { imageName: "rocky", image: image(CVMI, "vmi-c") },
    fields: ["spec.imageName", "spec.image.name"],
    otherImage: true,
  },
  {
    title: "the same display name in another kind, which names another image,",
    old: { spec: { image: image(VMI, "vmi-a") } },
    spec: { image: image(CVMI, "ubuntu") },
    fields: ["spec.image.name"],
    otherImage: false,
  },
  {
    title: "an image for a machine that was created without one",
    old: { spec: {} },
    spec: { imageName: "ubuntu" },
    fields: ["spec.imageName"],
    otherImage: false,
  },
  {
    title: "its own VMI ID, where the stored display name is ambiguous now,",
    old: { spec: { imageName: "photon" } },
    spec: { imageName: "vmi-p" },
    fields: ["spec.imageName"],
    otherImage: false,
  },
  {
    title: "a name of exactly one other image, where the stored image is deleted,",
    old: { spec: { imageName: "vmi-gone" } },
    spec: { imageName: "rocky" },
    fields: ["spec.imageName"],
    otherImage: true,
  },
  {
    title: "a VMI ID that the stored display name does not mean",
    old: { spec: { imageName: "photon", image: { name: "photon" } } },
    spec: { imageName: "vmi-a" },
    fields: ["spec.imageName"],
    otherImage: false,
  },
  {
    title: "a name of exactly one other image, where a display name is stored,",
    old: { spec: { imageName: "ubuntu", image: image("", "ubuntu") } },
    spec: { imageName: "rocky" },
    fields: ["spec.imageName"],
    otherImage: false,
  },
  {
    title: "a name of exactly one other image, where a display name is stored with a kind,",
    old: { spec: { image: image(VMI, "ubuntu") } },
    spec: { image: image(CVMI, "vmi-c") },
    fields: ["spec.image.name"],
    otherImage: false,
  },
  {
    title: "a name of exactly one other image, where the stored display name begins with vmi-,",
    old: { spec: { imageName: "vmi-golden" } },
    spec: { imageName: "rocky" },
    fields: ["spec.imageName"],
    otherImage: false,
  },
  {
    title: "a name of exactly one other image, where no image has the stored name,",
    old: { spec: { imageName: "item", image: image(VMI, "item") } },
    spec: { imageName: "rocky" },
    fields: ["spec.imageName"],
    otherImage: false,
  },
  {
    title: "another kind without imageName",
    old: { spec: { image: image(VMI, "vmi-a") } },
    spec: { image: image(CVMI, "vmi-a") },
    fields: ["spec.image.kind"],
    otherImage: false,
  },
  {
    title: "the namespaced kind for a cluster image",
    old: { spec: { imageName: "vmi-c", image: image(CVMI, "vmi-c") } },
    spec: { imageName: "vmi-c", image: image(VMI, "vmi-c") },
    fields: ["spec.image.kind"],
    otherImage: false,
  },
  {
    title: "an unsupported kind",
    spec: { imageName: "vmi-a", image: image("Secret", "vmi-a") },
    fields: ["spec.image.kind"],
    otherImage: false,
  },
];

describe("UPDATE to another image", () => {
  it.each(REFUSED)("M14: $title is refused", ({ old = STORED, spec, fields, otherImage }) => {
    const { errors } = update(old, { metadata: old.metadata, spec });
    expect(errors.map(({ field }) => field)).toEqual(fields);
    expect(errors.map(({ check }) => check)).toEqual(fields.map(() => "immutable"));
    expect(errors.map(({ namesOtherImage }) => namesOtherImage)).toEqual(fields.map(() => otherImage));
  });

  it("M14: /validate refuses a reference that differs from the stored one", () => {
    const asked = request(
      { spec: { image: image(VMI, "vmi-a") } },
      { oldObject: { spec: { image: image("", "vmi-a") } } },
    );
    expect(answer("validate", asked, indexOf(IMAGES)).errors).toMatchObject([
      { check: "immutable", field: "spec.image.kind" },
    ]);
  });

  it("M14: a requested name with another kind is refused at its kind", () => {
    const old = {
      metadata: pinned({ "spec.image.name": ["Ubuntu", "vmi-z"] }),
      spec: { image: image("ClusterVirtualMachineImage", "vmi-z") },
    };
    expect(update(old, { spec: { image: image(VMI, "Ubuntu") } }).errors).toMatchObject([
      { check: "immutable", field: "spec.image.kind", remedy: expect.stringContaining('put back "Cluster') as unknown },
    ]);
  });

  it.each([
    ["with immutable=warn", "warn"],
    ["with immutable=off", "off"],
  ] as const)("M14: %s the new image is resolved as on CREATE", (_, immutable) => {
    const levels = { ...DEFAULT_LEVELS, immutable };
    const spec = { imageName: "rocky", image: image(VMI, "vmi-a"), className: "small" };
    const { spec: becomes, object, warnings } = update(STORED, { ...STORED, spec }, { policy: { levels } });
    expect(becomes).toEqual({ imageName: "vmi-c", image: image(CVMI, "vmi-c"), className: "small" });
    expect(warnings).toEqual([]);
    const validated = answer("validate", request(object, { oldObject: { ...STORED } }), indexOf(IMAGES), { levels });
    expect(validated.warnings.length > 0).toBe(immutable === "warn");
  });

  it("M14: another name is undecided without complete lists of images", () => {
    const asked = request({ spec: { imageName: "rocky" } }, { oldObject: { spec: { imageName: "vmi-a" } } });
    expect(answer("mutate", asked, indexOf([], [])).decision).toMatchObject({ is: "undecided" });
  });

  it("M13: the requested name of the stored annotation is restored without lists of images", () => {
    const asked = request({ ...STORED, spec: { imageName: "ubuntu" } }, { oldObject: { ...STORED } });
    expect(answer("mutate", asked, indexOf([], [])).decision).toMatchObject({ is: "allowed" });
  });
});

describe("UPDATE of a machine that failed over", () => {
  const metadata = { annotations: { [FAILED_OVER_ANNOTATION]: "" } };
  const unset = { metadata, spec: { className: "small" } };
  const admin = { name: "admin", groups: ["system:masters"] };

  it("M15: a privileged caller may unset its image", () => {
    const facts = { user: admin };
    expect(update(STORED, unset, { facts }).spec).toEqual({ className: "small" });
    const asked = request(unset, { oldObject: { ...STORED }, ...facts });
    expect(answer("validate", asked, indexOf(IMAGES)).decision).toMatchObject({ is: "allowed" });
  });

  it("M15: the image is restored for any other caller", () => {
    expect(update(STORED, unset).spec).toMatchObject({ imageName: "vmi-a" });
    const asked = request(unset, { oldObject: { ...STORED } });
    expect(answer("validate", asked, indexOf(IMAGES)).errors).toMatchObject([
      { check: "immutable" },
      { check: "immutable" },
    ]);
  });

  it("M13: the stored spelling and an empty kind are restored for a privileged caller, too", () => {
    const old = { spec: { imageName: "ubuntu", image: image("", "ubuntu") } };
    const sent = { spec: { imageName: "vmi-a", image: image(VMI, "vmi-a") } };
    expect(update(old, sent, { facts: { user: admin } }).spec).toEqual(old.spec);
  });

  it("M15: the image is restored for a privileged caller where the annotation is absent", () => {
    expect(update(STORED, { spec: {} }, { facts: { user: admin } }).spec).toMatchObject({ imageName: "vmi-a" });
  });
});

describe("an object that the webhook does not check", () => {
  const spec = { imageName: "no-such-image" };
  const rows: readonly [string, RequestFacts][] = [
    ["DELETE", { operation: "DELETE", object: undefined, oldObject: { spec } }],
    ["CONNECT", { operation: "CONNECT" }],
    ["a subresource", { subResource: "status", oldObject: { spec: {} } }],
    ["an object being deleted", { oldObject: { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" }, spec: {} } }],
    ["another kind", { kind: "VirtualMachineService" }],
    ["another group", { group: "example.com" }],
  ];

  it.each(rows)("M16: %s is allowed unchanged", (_, facts) => {
    for (const endpoint of ["mutate", "validate"] as const) {
      const { decision } = answer(endpoint, request({ spec }, facts), indexOf(IMAGES));
      expect(decision).toEqual({
        is: "allowed",
        patch: [],
        audit: {},
        warnings: [],
        lookups: [],
        findings: NO_FINDINGS,
        images: [],
        unresolvedQueries: [],
      });
    }
  });

  it("M16: an object with a deletionTimestamp is checked on CREATE", () => {
    const object = { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" }, spec };
    expect(answer("mutate", request(object), indexOf(IMAGES)).decision).toMatchObject({ is: "refused" });
  });
});
