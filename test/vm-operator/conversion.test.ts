import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import type { Image } from "../../src/images/image.ts";

import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";
import { levelsBy } from "../../src/admission/systems.ts";
import { errorMessage } from "../../src/references/field-error.ts";
import { answer, type Answer, request, type RequestFacts } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const IMAGES: readonly Image[] = [
  vmi("vmi-a", "ubuntu", { library: "cl-a" }),
  vmi("vmi-p", "photon", { library: "cl-a" }),
  vmi("vmi-q", "photon", { library: "cl-b" }),
  cvmi("vmi-c", "rocky"),
  vmi("vmi-t", "twin"),
  cvmi("vmi-u", "twin"),
  vmi("vmi-iso", "installer", { type: "ISO" }),
];

const KEY = "vmoperator.vmware.com/conversion";
const FIELD = `metadata.annotations[${KEY}]`;
const NO_EXISTS = { levels: { ...DEFAULT_LEVELS, exists: "off" } } as const;
const PRIVILEGED = { user: { name: "admin", groups: ["system:masters"] } };

/** The conversion annotation of a machine that is stored with this spec. */
const kept = (spec: unknown, key = KEY): Readonly<Record<string, unknown>> => ({
  [key]: JSON.stringify({ apiVersion: "vmoperator.vmware.com/v1alpha6", kind: "VirtualMachine", spec, status: {} }),
});
const pinned = (requested: string, resolved: string): object => ({
  [PINNED_ANNOTATION]: JSON.stringify({ "spec.imageName": { requested, resolved } }),
});
const vmiRef = (name: string): object => ({ kind: "VirtualMachineImage", name });
const cdroms = (...names: readonly string[]): object => ({
  guestID: "otherLinux64Guest",
  hardware: { cdrom: names.map((name, index) => ({ name: `cd${index}`, image: vmiRef(name) })) },
});
const REMEDY = `remove annotation ${KEY} and metadata.generation from the manifest`;
const willTake = (taken: string): string =>
  `vm-operator takes ${taken} from its annotation instead (of an ordinary caller vm-operator refuses that annotation in any case: it restores spec.instanceUUID); ${REMEDY}`;

interface Row {
  readonly title: string;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly spec: object;
  readonly facts?: RequestFacts;
  readonly policy?: Partial<AdmissionPolicy>;
  /** `FIELD: MESSAGE` of each error. */
  readonly denials: readonly string[];
}

const REFUSED: readonly Row[] = [
  {
    title: "a display name of another image",
    annotations: kept({ imageName: "vmi-c", image: vmiRef("vmi-c") }),
    spec: { imageName: "ubuntu" },
    denials: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "a VMI ID of another image in v1alpha2",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "vmi-a" },
    facts: { version: "v1alpha2" },
    denials: [`spec.imageName: Invalid value: "vmi-a": ${willTake('"vmi-c"')}`],
  },
  {
    title: "a name of another image than that of the annotation's first CD-ROM",
    annotations: kept(cdroms("vmi-iso")),
    spec: { imageName: "ubuntu" },
    denials: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-iso"')}`],
  },
  {
    title: "an annotation that names the image of a CD-ROM by its display name",
    annotations: kept({ imageName: "vmi-a", ...cdroms("installer") }),
    spec: { imageName: "ubuntu" },
    denials: [
      `${FIELD}: Invalid value: "installer": a CD-ROM of the annotation names its image by a display name, which vm-operator does not find; ${REMEDY}`,
    ],
  },
  {
    title: "a name of another image than the annotation's image without imageName",
    annotations: kept({ imageName: "", image: vmiRef("vmi-c") }),
    spec: { imageName: "ubuntu" },
    denials: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "a VMI ID of another image than the annotation's image beside a display name",
    annotations: kept({ imageName: "ubuntu", image: vmiRef("vmi-gone") }),
    spec: { imageName: "vmi-a" },
    denials: [`spec.imageName: Invalid value: "vmi-a": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "an annotation with a display name that is ambiguous for vm-operator",
    annotations: kept({ imageName: "twin" }),
    spec: { imageName: "vmi-t" },
    denials: [`spec.imageName: Invalid value: "vmi-t": ${willTake('"twin"')}`],
  },
  {
    title: "a pinned name that means another image now",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("ubuntu", "vmi-gone") },
    spec: { imageName: "ubuntu" },
    denials: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "an unknown name beside a pin of another name",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("debian", "vmi-gone") },
    spec: { imageName: "windows" },
    policy: NO_EXISTS,
    denials: [`spec.imageName: Invalid value: "windows": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "a name where the annotation has no image",
    annotations: kept({}),
    spec: { imageName: "ubuntu" },
    denials: [`spec.imageName: Invalid value: "ubuntu": ${willTake("no image")}`],
  },
  {
    title: "an absent imageName where the annotation has one",
    annotations: kept({ imageName: "vmi-c" }),
    spec: {},
    facts: { ...PRIVILEGED, version: "v1alpha2" },
    denials: [`spec.imageName: Invalid value: "": ${willTake('"vmi-c"')}`],
  },
  {
    title: "an annotation with control characters, which are escaped,",
    annotations: kept({ imageName: 'x"\n\u001b[2J\u202e' }),
    spec: { imageName: "ubuntu" },
    denials: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"x\\"\\u000a\\u001b[2J\\u202e"')}`],
  },
  {
    title: "a name with a newline, which is escaped,",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "a\nb" },
    policy: NO_EXISTS,
    denials: [`spec.imageName: Invalid value: "a\\u000ab": ${willTake('"vmi-c"')}`],
  },
];

const SAME_IMAGE: readonly Omit<Row, "denials">[] = [
  { title: "the same name", annotations: kept({ imageName: "ubuntu" }), spec: { imageName: "ubuntu" } },
  {
    title: "the display name of its first CD-ROM",
    annotations: kept(cdroms("vmi-iso")),
    spec: { imageName: "installer" },
  },
  { title: "its display name", annotations: kept({ imageName: "vmi-a" }), spec: { imageName: "ubuntu" } },
  { title: "its LIBRARY/NAME", annotations: kept({ imageName: "vmi-p" }), spec: { imageName: "cl-a/photon" } },
  {
    title: "the display name of its cluster image",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "rocky" },
  },
  {
    title: "its object name, where imageName is a display name and image the object",
    annotations: kept({ imageName: "photon", image: vmiRef("vmi-p") }),
    spec: { imageName: "vmi-p" },
  },
  {
    title: "its object name, where only a display name is stored",
    annotations: kept({ imageName: "ubuntu" }),
    spec: { imageName: "vmi-a" },
  },
  {
    title: "the name of an image that is stored without imageName",
    annotations: kept({ image: vmiRef("vmi-a") }),
    spec: { imageName: "vmi-a" },
  },
  {
    title: "the pinned name, although no image has it now",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("debian", "vmi-gone") },
    spec: { imageName: "debian" },
    policy: NO_EXISTS,
  },
  { title: "no image on either side", annotations: kept({}), spec: {}, facts: PRIVILEGED },
];

const OTHER = { imageName: "vmi-c" };

const NOT_CONVERTED: readonly Omit<Row, "denials">[] = [
  ...["v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"].map((version) => ({
    title: `${version} has spec.image`,
    annotations: kept(OTHER),
    spec: { imageName: "ubuntu" },
    facts: { version },
  })),
  {
    title: "UPDATE",
    annotations: kept(OTHER),
    spec: { imageName: "vmi-a" },
    facts: { version: "v1alpha1", oldObject: { spec: { imageName: "vmi-a" } } },
  },
  {
    title: "another kind",
    annotations: kept(OTHER),
    spec: { target: { item: { name: "new" } } },
    facts: { kind: "VirtualMachinePublishRequest", version: "v1alpha1" },
  },
  {
    title: "another annotation of vm-operator, which it never reads",
    annotations: kept(OTHER, `${KEY}-data`),
    spec: { imageName: "vmi-a" },
  },
  { title: "another annotation", annotations: kept(OTHER, `${KEY}-x`), spec: { imageName: "vmi-a" } },
];

const UNREADABLE: readonly Omit<Row, "denials">[] = [
  ...["", "{", "null", "7", '"vmi-c"', "[]", '[{"spec":{}}]'].map((text) => [text, { [KEY]: text }] as const),
  ["a spec of a wrong type", kept("vmi-c")] as const,
  ["an imageName of a wrong type", kept({ imageName: 7 })] as const,
  ["an image of a wrong type", kept({ image: "vmi-c" })] as const,
  ["a value that is not a string", { [KEY]: { spec: OTHER } }] as const,
].map(([title, annotations]) => ({ title, annotations, spec: { imageName: "vmi-a" } }));

function asked({ annotations, spec, facts }: Omit<Row, "denials">): ReturnType<typeof request> {
  return request({ metadata: { annotations }, spec }, { version: "v1alpha1", ...facts });
}

const messagesOf = ({ errors }: Answer): readonly string[] =>
  errors.map((problem) => `${problem.field}: ${errorMessage(problem)}`);

describe("conversion: an annotation that boots another image than the manifest names", () => {
  it.each(REFUSED)("conversion: $title is refused", (row) => {
    expect(messagesOf(answer("mutate", asked(row), indexOf(IMAGES), row.policy))).toEqual(row.denials);
  });

  it.each(REFUSED)("conversion: with level warn, $title is admitted unchanged at /mutate, with a warning", (row) => {
    const levels = { ...(row.policy?.levels ?? DEFAULT_LEVELS), conversion: "warn" } as const;
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), { ...row.policy, levels });
    expect(decision).toMatchObject({ is: "allowed", patch: [], audit: {} });
    expect(warnings).toHaveLength(row.denials.length);
    for (const warning of warnings) expect(warning).toContain(REMEDY);
  });

  it.each(REFUSED)("conversion: /validate admits $title, because it gets a new annotation", (row) => {
    expect(answer("validate", asked(row), indexOf(IMAGES), row.policy)).toMatchObject({ errors: [] });
  });

  it("conversion: with level off, another image is admitted unchanged", () => {
    const row = { annotations: kept({ imageName: "vmi-c" }), spec: { imageName: "ubuntu" }, title: "" };
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), { levels: levelsBy(() => "off") });
    expect([decision, warnings]).toMatchObject([{ is: "allowed", patch: [] }, []]);
  });

  it("conversion: an unknown name is refused with a query for the live read", () => {
    const row = { annotations: kept({ imageName: "vmi-c" }), spec: { imageName: "brand-new" }, title: "" };
    expect(answer("mutate", asked(row), indexOf(IMAGES)).decision).toMatchObject({
      is: "refused",
      unresolvedQueries: [{ name: "brand-new" }],
    });
  });

  it("conversion: is undecided without complete lists of images", () => {
    const row = { annotations: kept({ imageName: "ubuntu" }), spec: { imageName: "vmi-a" }, title: "" };
    const { decision } = answer("mutate", asked(row), indexOf(IMAGES, ["VirtualMachineImage"]));
    expect(decision).toMatchObject({ is: "undecided" });
  });
});

describe("M21: an object is allowed unchanged, without a warning", () => {
  it.each(SAME_IMAGE)("where the annotation boots the image that the manifest names: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision, warnings]).toMatchObject([{ is: "allowed", patch: [], audit: {} }, []]);
    expect(answer("validate", asked(row), indexOf(IMAGES), row.policy)).toMatchObject({ errors: [] });
  });

  it.each(NOT_CONVERTED)("where no conversion restores the annotation: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision.is, warnings]).toEqual(["allowed", []]);
  });

  it.each(UNREADABLE)("where the annotation cannot be read: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision.is, warnings]).toEqual(["allowed", []]);
  });

  it("where annotation and manifest have the same unknown name", () => {
    const row = { annotations: kept({ imageName: "vmi-gone" }), spec: { imageName: "vmi-gone" }, title: "" };
    for (const endpoint of ["mutate", "validate"] as const) {
      expect(answer(endpoint, asked(row), indexOf(IMAGES)).decision).toMatchObject({ is: "allowed" });
    }
  });
});

describe("M21: CD-ROMs of the annotation are checked like those of v1alpha6", () => {
  const clone = (spec: object): Omit<Row, "denials"> => ({
    title: "",
    annotations: kept({ imageName: "vmi-a", ...spec }),
    spec: { imageName: "vmi-a" },
  });

  it.each([
    { check: "exists", spec: cdroms("vmi-gone"), endpoint: "mutate" },
    { check: "cdrom-type", spec: cdroms("vmi-a"), endpoint: "mutate" },
    { check: "cdrom-duplicate", spec: cdroms("vmi-iso", "vmi-iso"), endpoint: "mutate" },
    { check: "cdrom-type", spec: cdroms("vmi-a"), endpoint: "validate" },
    { check: "required", spec: cdroms(""), endpoint: "validate" },
    {
      check: "kind",
      spec: { guestID: "g", hardware: { cdrom: [{ name: "cd0", image: { kind: "Iso", name: "vmi-iso" } }] } },
      endpoint: "mutate",
    },
  ] as const)("$check refuses them at /$endpoint", ({ check, spec, endpoint }) => {
    expect(answer(endpoint, asked(clone(spec)), indexOf(IMAGES)).errors).toMatchObject([{ check, field: FIELD }]);
  });

  it("cdrom-guest-id refuses them without a guestID", () => {
    const spec = { ...cdroms("vmi-iso"), guestID: "" };
    expect(answer("validate", asked(clone(spec)), indexOf(IMAGES)).errors).toMatchObject([{ check: "cdrom-guest-id" }]);
  });

  it("boot-type: a CD-ROM of the annotation holds the ISO image, so there is no warning", () => {
    const row = { title: "", annotations: kept(cdroms("vmi-iso")), spec: { imageName: "vmi-iso" } };
    expect(answer("validate", asked(row), indexOf(IMAGES)).warnings).toEqual([]);
  });

  it("they are not checked on UPDATE", () => {
    const row = clone(cdroms("vmi-gone"));
    const facts = { facts: { version: "v1alpha1", oldObject: { spec: { imageName: "vmi-a" } } } };
    for (const endpoint of ["mutate", "validate"] as const) {
      expect(answer(endpoint, asked({ ...row, ...facts }), indexOf(IMAGES)).decision.is).toBe("allowed");
    }
  });
});

describe("M21: UPDATE with a readable annotation", () => {
  const facts = { version: "v1alpha1", oldObject: { spec: { imageName: "vmi-a" } } };
  const row = (imageName: string): Omit<Row, "denials"> => ({
    title: "",
    annotations: kept({ imageName: "vmi-a", image: vmiRef("vmi-a") }),
    spec: { imageName },
    facts,
  });

  it.each(["mutate", "validate"] as const)("another spelling is allowed unchanged at /%s", (endpoint) => {
    const { decision } = answer(endpoint, asked(row("ubuntu")), indexOf(IMAGES));
    expect(decision).toMatchObject({ is: "allowed", patch: [], audit: {} });
  });

  it.each(["mutate", "validate"] as const)("immutable: another image is refused at /%s", (endpoint) => {
    expect(answer(endpoint, asked(row("rocky")), indexOf(IMAGES)).errors).toMatchObject([{ check: "immutable" }]);
  });
});
