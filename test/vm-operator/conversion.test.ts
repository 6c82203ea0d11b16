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

/** The annotation of a machine that is stored with this spec. */
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
  `vm-operator takes ${taken} from its annotation instead; ${REMEDY} (of an ordinary caller vm-operator refuses that annotation in any case: it restores spec.instanceUUID)`;

interface Row {
  readonly title: string;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly spec: object;
  readonly facts?: RequestFacts;
  readonly policy?: Partial<AdmissionPolicy>;
  /** `FIELD: MESSAGE` of each problem. */
  readonly says: readonly string[];
}

const REFUSED: readonly Row[] = [
  {
    title: "a display name of another image",
    annotations: kept({ imageName: "vmi-c", image: vmiRef("vmi-c") }),
    spec: { imageName: "ubuntu" },
    says: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "v1alpha2",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "vmi-a" },
    facts: { version: "v1alpha2" },
    says: [`spec.imageName: Invalid value: "vmi-a": ${willTake('"vmi-c"')}`],
  },
  {
    title: "a CD-ROM that boots, the first that is connected",
    annotations: kept(cdroms("vmi-iso")),
    spec: { imageName: "ubuntu" },
    says: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-iso"')}`],
  },
  {
    title: "a CD-ROM by a display name, which nothing rewrites",
    annotations: kept({ imageName: "vmi-a", ...cdroms("installer") }),
    spec: { imageName: "ubuntu" },
    says: [
      `${FIELD}: Invalid value: "installer": a CD-ROM of the annotation names its image by a display name, which vm-operator does not find; ${REMEDY}`,
    ],
  },
  {
    title: "a stored image without imageName",
    annotations: kept({ imageName: "", image: vmiRef("vmi-c") }),
    spec: { imageName: "ubuntu" },
    says: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "a stored display name whose image is another by now",
    annotations: kept({ imageName: "ubuntu", image: vmiRef("vmi-gone") }),
    spec: { imageName: "vmi-a" },
    says: [`spec.imageName: Invalid value: "vmi-a": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "a stored display name that vm-operator finds ambiguous",
    annotations: kept({ imageName: "twin" }),
    spec: { imageName: "vmi-t" },
    says: [`spec.imageName: Invalid value: "vmi-t": ${willTake('"twin"')}`],
  },
  {
    title: "a pinned name that means another image by now",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("ubuntu", "vmi-gone") },
    spec: { imageName: "ubuntu" },
    says: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "an unknown name, where another was pinned",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("debian", "vmi-gone") },
    spec: { imageName: "windows" },
    policy: NO_EXISTS,
    says: [`spec.imageName: Invalid value: "windows": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "a stored machine without an image",
    annotations: kept({}),
    spec: { imageName: "ubuntu" },
    says: [`spec.imageName: Invalid value: "ubuntu": ${willTake("no image")}`],
  },
  {
    title: "nothing sent",
    annotations: kept({ imageName: "vmi-c" }),
    spec: {},
    facts: { ...PRIVILEGED, version: "v1alpha2" },
    says: [`spec.imageName: Invalid value: "": ${willTake('"vmi-c"')}`],
  },
  {
    title: "what is stored is printed safely",
    annotations: kept({ imageName: 'x"\n\u001b[2J\u202e' }),
    spec: { imageName: "ubuntu" },
    says: [`spec.imageName: Invalid value: "ubuntu": ${willTake('"x\\"\\u000a\\u001b[2J\\u202e"')}`],
  },
  {
    title: "what was sent is printed safely",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "a\nb" },
    policy: NO_EXISTS,
    says: [`spec.imageName: Invalid value: "a\\u000ab": ${willTake('"vmi-c"')}`],
  },
];

const SAME_IMAGE: readonly Omit<Row, "says">[] = [
  { title: "the same name", annotations: kept({ imageName: "ubuntu" }), spec: { imageName: "ubuntu" } },
  {
    title: "the CD-ROM that boots",
    annotations: kept(cdroms("vmi-iso")),
    spec: { imageName: "installer" },
  },
  { title: "its display name", annotations: kept({ imageName: "vmi-a" }), spec: { imageName: "ubuntu" } },
  { title: "its LIBRARY/NAME", annotations: kept({ imageName: "vmi-p" }), spec: { imageName: "cl-a/photon" } },
  { title: "a cluster image's", annotations: kept({ imageName: "vmi-c" }), spec: { imageName: "rocky" } },
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
    title: "what was once requested, though no image has that name now",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("debian", "vmi-gone") },
    spec: { imageName: "debian" },
    policy: NO_EXISTS,
  },
  { title: "no image on either side", annotations: kept({}), spec: {}, facts: PRIVILEGED },
];

const OTHER = { imageName: "vmi-c" };

const NOT_CONVERTED: readonly Omit<Row, "says">[] = [
  ...["v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"].map((version) => ({
    title: `${version} has an image of its own`,
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

const UNREADABLE: readonly Omit<Row, "says">[] = [
  ...["", "{", "null", "7", '"vmi-c"', "[]", '[{"spec":{}}]'].map((text) => [text, { [KEY]: text }] as const),
  ["a spec of a wrong type", kept("vmi-c")] as const,
  ["an imageName of a wrong type", kept({ imageName: 7 })] as const,
  ["an image of a wrong type", kept({ image: "vmi-c" })] as const,
  ["no text", { [KEY]: { spec: OTHER } }] as const,
].map(([title, annotations]) => ({ title, annotations, spec: { imageName: "vmi-a" } }));

function asked({ annotations, spec, facts }: Omit<Row, "says">): ReturnType<typeof request> {
  return request({ metadata: { annotations }, spec }, { version: "v1alpha1", ...facts });
}

const says = ({ errors }: Answer): readonly string[] =>
  errors.map((problem) => `${problem.field}: ${errorMessage(problem)}`);

describe("conversion: the annotation boots another image than is written", () => {
  it.each(REFUSED)("conversion: $title is refused", (row) => {
    expect(says(answer("mutate", asked(row), indexOf(IMAGES), row.policy))).toEqual(row.says);
  });

  it.each(REFUSED)("conversion: with level warn, $title is admitted untouched with a warning at /mutate", (row) => {
    const levels = { ...(row.policy?.levels ?? DEFAULT_LEVELS), conversion: "warn" } as const;
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), { ...row.policy, levels });
    expect(decision).toMatchObject({ is: "allowed", patch: [], audit: {} });
    expect(warnings).toHaveLength(row.says.length);
    for (const warning of warnings) expect(warning).toContain(REMEDY);
  });

  it.each(REFUSED)("conversion: /validate sees a fresh annotation and does not ask: $title", (row) => {
    expect(answer("validate", asked(row), indexOf(IMAGES), row.policy)).toMatchObject({ errors: [] });
  });

  it("conversion: is off where no level asks", () => {
    const row = { annotations: kept({ imageName: "vmi-c" }), spec: { imageName: "ubuntu" }, title: "" };
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), { levels: levelsBy(() => "off") });
    expect([decision, warnings]).toMatchObject([{ is: "allowed", patch: [] }, []]);
  });

  it("conversion: a written name that the index does not know is confirmed first", () => {
    const row = { annotations: kept({ imageName: "vmi-c" }), spec: { imageName: "brand-new" }, title: "" };
    expect(answer("mutate", asked(row), indexOf(IMAGES)).decision).toMatchObject({
      is: "refused",
      unresolvedQueries: [{ name: "brand-new" }],
    });
  });

  it("conversion: no decision where the index is not complete", () => {
    const row = { annotations: kept({ imageName: "ubuntu" }), spec: { imageName: "vmi-a" }, title: "" };
    const { decision } = answer("mutate", asked(row), indexOf(IMAGES, ["VirtualMachineImage"]));
    expect(decision).toMatchObject({ is: "undecided" });
  });
});

describe("M21: nothing is said or written", () => {
  it.each(SAME_IMAGE)("where the annotation boots what is written: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision, warnings]).toMatchObject([{ is: "allowed", patch: [], audit: {} }, []]);
    expect(answer("validate", asked(row), indexOf(IMAGES), row.policy)).toMatchObject({ errors: [] });
  });

  it.each(NOT_CONVERTED)("where no conversion restores it: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision.is, warnings]).toEqual(["allowed", []]);
  });

  it.each(UNREADABLE)("of an annotation that cannot be read: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision.is, warnings]).toEqual(["allowed", []]);
  });

  it("about a name that no image has, where the annotation has the same", () => {
    const row = { annotations: kept({ imageName: "vmi-gone" }), spec: { imageName: "vmi-gone" }, title: "" };
    for (const endpoint of ["mutate", "validate"] as const) {
      expect(answer(endpoint, asked(row), indexOf(IMAGES)).decision).toMatchObject({ is: "allowed" });
    }
  });
});

describe("M21: CD-ROMs of the annotation are judged as those of v1alpha6", () => {
  const clone = (spec: object): Omit<Row, "says"> => ({
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
  ] as const)("$check at /$endpoint", ({ check, spec, endpoint }) => {
    expect(answer(endpoint, asked(clone(spec)), indexOf(IMAGES)).errors).toMatchObject([{ check, field: FIELD }]);
  });

  it("cdrom-guest-id", () => {
    const spec = { ...cdroms("vmi-iso"), guestID: "" };
    expect(answer("validate", asked(clone(spec)), indexOf(IMAGES)).errors).toMatchObject([{ check: "cdrom-guest-id" }]);
  });

  it("boot-type: they hold the ISO image that boots", () => {
    const row = { title: "", annotations: kept(cdroms("vmi-iso")), spec: { imageName: "vmi-iso" } };
    expect(answer("validate", asked(row), indexOf(IMAGES)).warnings).toEqual([]);
  });

  it("not on UPDATE", () => {
    const row = clone(cdroms("vmi-gone"));
    const facts = { facts: { version: "v1alpha1", oldObject: { spec: { imageName: "vmi-a" } } } };
    for (const endpoint of ["mutate", "validate"] as const) {
      expect(answer(endpoint, asked({ ...row, ...facts }), indexOf(IMAGES)).decision.is).toBe("allowed");
    }
  });
});

describe("M21: UPDATE with a readable annotation", () => {
  const facts = { version: "v1alpha1", oldObject: { spec: { imageName: "vmi-a" } } };
  const row = (imageName: string): Omit<Row, "says"> => ({
    title: "",
    annotations: kept({ imageName: "vmi-a", image: vmiRef("vmi-a") }),
    spec: { imageName },
    facts,
  });

  it.each(["mutate", "validate"] as const)(
    "another spelling is admitted, and nothing is written, at /%s",
    (endpoint) => {
      const { decision } = answer(endpoint, asked(row("ubuntu")), indexOf(IMAGES));
      expect(decision).toMatchObject({ is: "allowed", patch: [], audit: {} });
    },
  );

  it.each(["mutate", "validate"] as const)("immutable: another image is refused at /%s", (endpoint) => {
    expect(answer(endpoint, asked(row("rocky")), indexOf(IMAGES)).errors).toMatchObject([{ check: "immutable" }]);
  });
});
