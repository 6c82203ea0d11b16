import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import type { Image } from "../../src/images/image.ts";
import { DEFAULT_LEVELS } from "../../src/references/checks.ts";
import { PINNED_ANNOTATION } from "../../src/references/pins.ts";
import { ALL_CHECKS_OFF } from "../../src/references/policy.ts";
import { answer, request, type RequestFacts } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const IMAGES: readonly Image[] = [
  vmi("vmi-a", "ubuntu", { library: "cl-a" }),
  vmi("vmi-p", "photon", { library: "cl-a" }),
  vmi("vmi-q", "photon", { library: "cl-b" }),
  cvmi("vmi-c", "rocky"),
  vmi("vmi-t", "twin"),
  cvmi("vmi-u", "twin"),
];

const KEY = "vmoperator.vmware.com/conversion";
const DATA_KEY = "vmoperator.vmware.com/conversion-data";
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
const willTake = (taken: string, key = KEY): string =>
  `vm-operator will take ${taken} from annotation ${key} instead; remove that annotation from the manifest`;

interface Row {
  readonly title: string;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly spec: object;
  readonly facts?: RequestFacts;
  readonly policy?: Partial<AdmissionPolicy>;
  readonly warns: readonly string[];
}

const WARNED: readonly Row[] = [
  {
    title: "a display name of another image",
    annotations: kept({ imageName: "vmi-c", image: vmiRef("vmi-c") }),
    spec: { imageName: "ubuntu" },
    warns: [`spec.imageName: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "v1alpha2, the other annotation",
    annotations: kept({ imageName: "vmi-c" }, DATA_KEY),
    spec: { imageName: "vmi-a" },
    facts: { version: "v1alpha2" },
    warns: [`spec.imageName: "vmi-a": ${willTake('"vmi-c"', DATA_KEY)}`],
  },
  {
    title: "each annotation that says something else",
    annotations: { ...kept({ imageName: "vmi-c" }), ...kept({ imageName: "vmi-p" }, DATA_KEY) },
    spec: { imageName: "vmi-a" },
    warns: [
      `spec.imageName: "vmi-a": ${willTake('"vmi-c"')}`,
      `spec.imageName: "vmi-a": ${willTake('"vmi-p"', DATA_KEY)}`,
    ],
  },
  {
    title: "a stored image without imageName",
    annotations: kept({ imageName: "", image: vmiRef("vmi-c") }),
    spec: { imageName: "ubuntu" },
    warns: [`spec.imageName: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "a stored display name whose image is another by now",
    annotations: kept({ imageName: "ubuntu", image: vmiRef("vmi-gone") }),
    spec: { imageName: "vmi-a" },
    warns: [`spec.imageName: "vmi-a": ${willTake('"ubuntu"')}`],
  },
  {
    title: "a stored display name that vm-operator finds ambiguous",
    annotations: kept({ imageName: "twin" }),
    spec: { imageName: "vmi-t" },
    warns: [`spec.imageName: "vmi-t": ${willTake('"twin"')}`],
  },
  {
    title: "a pinned name that means another image by now",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("ubuntu", "vmi-gone") },
    spec: { imageName: "ubuntu" },
    warns: [`spec.imageName: "ubuntu": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "an unknown name, where another was pinned",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("debian", "vmi-gone") },
    spec: { imageName: "windows" },
    policy: NO_EXISTS,
    warns: [`spec.imageName: "windows": ${willTake('"vmi-gone"')}`],
  },
  {
    title: "a stored machine without an image",
    annotations: kept({}),
    spec: { imageName: "ubuntu" },
    warns: [`spec.imageName: "ubuntu": ${willTake("no image")}`],
  },
  {
    title: "nothing sent",
    annotations: kept({ imageName: "vmi-c" }),
    spec: {},
    facts: { ...PRIVILEGED, version: "v1alpha2" },
    warns: [`spec.imageName: ${willTake('"vmi-c"')}`],
  },
  {
    title: "no level turns it off",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "ubuntu" },
    policy: { levels: ALL_CHECKS_OFF },
    warns: [`spec.imageName: "ubuntu": ${willTake('"vmi-c"')}`],
  },
  {
    title: "what is stored is printed safely",
    annotations: kept({ imageName: 'x"\n\u001b[2J\u202e' }),
    spec: { imageName: "ubuntu" },
    warns: [`spec.imageName: "ubuntu": ${willTake('"x\\"\\u000a\\u001b[2J\\u202e"')}`],
  },
  {
    title: "what was sent is printed safely",
    annotations: kept({ imageName: "vmi-c" }),
    spec: { imageName: "a\nb" },
    policy: NO_EXISTS,
    warns: [`spec.imageName: "a\\u000ab": ${willTake('"vmi-c"')}`],
  },
];

const SAME_IMAGE: readonly Omit<Row, "warns">[] = [
  { title: "the same name", annotations: kept({ imageName: "ubuntu" }), spec: { imageName: "ubuntu" } },
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
    title: "what was once requested, though nobody knows that name now",
    annotations: { ...kept({ imageName: "vmi-gone" }), ...pinned("debian", "vmi-gone") },
    spec: { imageName: "debian" },
    policy: NO_EXISTS,
  },
  { title: "no image on either side", annotations: kept({}), spec: {}, facts: PRIVILEGED },
];

const OTHER = { imageName: "vmi-c" };

const NOT_CONVERTED: readonly Omit<Row, "warns">[] = [
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
  { title: "another annotation", annotations: kept(OTHER, `${KEY}-x`), spec: { imageName: "vmi-a" } },
  { title: "an imageName of a wrong type", annotations: kept(OTHER), spec: { imageName: 7 } },
];

const UNREADABLE: readonly Omit<Row, "warns">[] = [
  ...["", "{", "null", "7", '"vmi-c"', "[]", '[{"spec":{}}]'].map((text) => [text, { [KEY]: text }] as const),
  ["a spec of a wrong type", kept("vmi-c")] as const,
  ["an imageName of a wrong type", kept({ imageName: 7 })] as const,
  ["an image of a wrong type", kept({ image: "vmi-c" })] as const,
  ["no text", { [KEY]: { spec: OTHER } }] as const,
].map(([title, annotations]) => ({ title, annotations, spec: { imageName: "vmi-a" } }));

function asked({ annotations, spec, facts }: Omit<Row, "warns">): ReturnType<typeof request> {
  return request({ metadata: { annotations }, spec }, { version: "v1alpha1", ...facts });
}

describe("M21: warns of an image that vm-operator takes from its own annotation", () => {
  it.each(WARNED)("$title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect(decision.is).toBe("allowed");
    expect(warnings).toEqual(row.warns);
  });

  it.each(WARNED)("once, not at /validate: $title", (row) => {
    expect(answer("validate", asked(row), indexOf(IMAGES), row.policy).warnings).toEqual([]);
  });
});

describe("M21: says nothing", () => {
  it.each(SAME_IMAGE)("of the stored image: $title", (row) => {
    expect(answer("mutate", asked(row), indexOf(IMAGES), row.policy).warnings).toEqual([]);
  });

  it.each(NOT_CONVERTED)("where no conversion restores it: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision.is, warnings]).toEqual(["allowed", []]);
  });

  it.each(UNREADABLE)("of an annotation that nobody can read: $title", (row) => {
    const { decision, warnings } = answer("mutate", asked(row), indexOf(IMAGES), row.policy);
    expect([decision.is, warnings]).toEqual(["allowed", []]);
  });
});
