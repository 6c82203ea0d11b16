import { WRITE_MODES } from "../../src/vm-operator/policy.ts";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import type { Image } from "../../src/images/image.ts";
import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";

import { answer, request } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const UBUNTU = vmi("vmi-a", "ubuntu", { library: "cl-a" });
const PHOTON_A = vmi("vmi-p", "photon", { library: "cl-a" });
const PHOTON_B = vmi("vmi-q", "photon", { library: "cl-b" });
const ROCKY = cvmi("vmi-c", "rocky");
const OLD = vmi("centos-7", "centos");
const TWIN = [vmi("vmi-t", "twin"), cvmi("vmi-t", "twin-of-cluster")];
const ISO = vmi("vmi-iso", "installer", { type: "ISO" });
/** Required in a machine with CD-ROMs. */
const GUEST = "otherLinux64Guest";
const IMAGES = [ISO, UBUNTU, PHOTON_A, PHOTON_B, ROCKY, OLD, ...TWIN];

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const image = (kind: string, name: string): object => ({ kind, name });

interface Row {
  readonly rule: string;
  readonly title: string;
  readonly spec: object;
  readonly write?: AdmissionPolicy["write"];
  readonly resolution?: AdmissionPolicy["resolution"];
  readonly version?: string;
  readonly images?: readonly Image[];
  /** The spec afterwards. */
  readonly becomes: object;
  /** Requested values that the annotation keeps, by field. */
  readonly requested?: Readonly<Record<string, string>>;
  readonly warns?: RegExp;
}

const ROWS: readonly Row[] = [
  {
    rule: "M1",
    title: "imageName with a display name becomes the VMI ID, and image is filled",
    spec: { imageName: "ubuntu" },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M1",
    title: "imageName with a VMI ID stays, and image is filled",
    spec: { imageName: "vmi-c" },
    becomes: { imageName: "vmi-c", image: image(CVMI, "vmi-c") },
  },
  {
    rule: "M1",
    title: "LIBRARY/NAME becomes the VMI ID of the image in that library",
    spec: { imageName: "cl-b/photon" },
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "cl-b/photon" },
  },
  {
    rule: "M1",
    title: "an empty image is filled like an absent one",
    spec: { imageName: "ubuntu", image: { kind: "", name: "" } },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M1",
    title: "a null image is filled like an absent one",
    spec: { imageName: "ubuntu", image: null },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M2",
    title: "--write imageName rewrites a display name and adds no image",
    spec: { imageName: "ubuntu" },
    write: "imageName",
    becomes: { imageName: "vmi-a" },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M2",
    title: "--write imageName also rewrites a display name in image",
    spec: { imageName: "ubuntu", image: image(VMI, "ubuntu") },
    write: "imageName",
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu", "spec.image.name": "ubuntu" },
  },
  {
    rule: "M3",
    title: "--write image keeps a display name that vm-operator resolves to the same image",
    spec: { imageName: "ubuntu" },
    write: "image",
    becomes: { imageName: "ubuntu", image: image(VMI, "vmi-a") },
  },
  {
    rule: "M3",
    title: "--write image rewrites LIBRARY/NAME, which vm-operator cannot resolve",
    spec: { imageName: "cl-b/photon" },
    write: "image",
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "cl-b/photon" },
    warns: /"vmi-q"; write that in your manifest/,
  },
  {
    rule: "M3",
    title: "--write image rewrites a name that both scopes have, which is ambiguous for vm-operator",
    spec: { imageName: "ubuntu" },
    images: [UBUNTU, cvmi("vmi-u", "ubuntu")],
    write: "image",
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
    warns: /"vmi-a"; write that/,
  },
  {
    rule: "M3",
    title: "--write image rewrites an ambiguous name whose image is given beside it",
    spec: { imageName: "photon", image: image(VMI, "vmi-q") },
    write: "image",
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "photon" },
    warns: /"vmi-q"; write that/,
  },
  ...(["both", "imageName"] as const).map((write) => ({
    rule: "M4",
    title: `imageName is rewritten in v1alpha1, with --write ${write}`,
    spec: { imageName: "rocky" },
    version: "v1alpha1",
    write,
    becomes: { imageName: "vmi-c" },
    requested: { "spec.imageName": "rocky" },
  })),
  {
    rule: "M4",
    title: "--write image keeps a name in v1alpha2 that vm-operator resolves",
    spec: { imageName: "rocky" },
    version: "v1alpha2",
    write: "image",
    becomes: { imageName: "rocky" },
  },
  {
    rule: "M4",
    title: "--write image rewrites a name in v1alpha2 that vm-operator cannot resolve",
    spec: { imageName: "cl-a/photon" },
    version: "v1alpha2",
    write: "image",
    becomes: { imageName: "vmi-p" },
    requested: { "spec.imageName": "cl-a/photon" },
    warns: /vm-operator does not read "cl-a\/photon"/,
  },
  {
    rule: "M4",
    title: "spec.image in v1alpha2 is an unknown field and stays",
    spec: { imageName: "ubuntu", image: image(VMI, "anything") },
    version: "v1alpha2",
    becomes: { imageName: "vmi-a", image: image(VMI, "anything") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M5",
    title: "a display name in image.name becomes the VMI ID of an image of image.kind",
    spec: { image: image(CVMI, "rocky") },
    becomes: { image: image(CVMI, "vmi-c") },
    requested: { "spec.image.name": "rocky" },
  },
  {
    rule: "M5",
    title: "a missing kind is filled",
    spec: { image: { name: "vmi-c" } },
    becomes: { image: image(CVMI, "vmi-c") },
  },
  {
    rule: "M5",
    title: "an empty kind is filled",
    spec: { image: image("", "vmi-a") },
    becomes: { image: image(VMI, "vmi-a") },
  },
  {
    rule: "M5",
    title: "the cluster kind stays, although the namespace has an image with the same object name",
    spec: { image: image(CVMI, "vmi-t") },
    becomes: { image: image(CVMI, "vmi-t") },
  },
  {
    rule: "M5",
    title: "unknown fields of image stay",
    spec: { image: { kind: VMI, name: "ubuntu", extra: 1 } },
    becomes: { image: { kind: VMI, name: "vmi-a", extra: 1 } },
    requested: { "spec.image.name": "ubuntu" },
  },
  {
    rule: "M5",
    title: "an object name takes precedence over a display name",
    spec: { image: image(VMI, "centos-7") },
    images: [OLD, vmi("vmi-x", "centos-7")],
    becomes: { image: image(VMI, "centos-7") },
  },
  {
    rule: "M6",
    title: "image decides what an ambiguous imageName means",
    spec: { imageName: "photon", image: image(VMI, "vmi-q") },
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "photon" },
  },
  {
    rule: "M6",
    title: "imageName and image may name the same image in different ways",
    spec: { imageName: "cl-a/ubuntu", image: image("", "ubuntu") },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "cl-a/ubuntu", "spec.image.name": "ubuntu" },
  },
  {
    rule: "M7",
    title: "imageName is filled from image where the machine has CD-ROMs, in v1alpha6",
    spec: {
      image: image(CVMI, "rocky"),
      guestID: GUEST,
      hardware: { cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }] },
    },
    becomes: {
      imageName: "vmi-c",
      image: image(CVMI, "vmi-c"),
      guestID: GUEST,
      hardware: { cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }] },
    },
    requested: { "spec.image.name": "rocky" },
  },
  {
    rule: "M7",
    title: "imageName is filled from image where the machine has CD-ROMs, in v1alpha4 with --write image",
    spec: { image: image(VMI, "vmi-a"), guestID: GUEST, cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }] },
    version: "v1alpha4",
    write: "image",
    becomes: {
      imageName: "vmi-a",
      image: image(VMI, "vmi-a"),
      guestID: GUEST,
      cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }],
    },
  },
  {
    rule: "M7",
    title: "an empty list of CD-ROMs adds no imageName",
    spec: { image: image(VMI, "vmi-a"), hardware: { cdrom: [] } },
    becomes: { image: image(VMI, "vmi-a"), hardware: { cdrom: [] } },
  },
  {
    rule: "M8",
    title: "a display name stays where vm-operator would read the object name as a display name",
    spec: { imageName: "centos" },
    becomes: { imageName: "centos", image: image(VMI, "centos-7") },
  },
  {
    rule: "M8",
    title: "imageName beside CD-ROMs is filled with the display name where the object name lacks the prefix vmi-",
    spec: { image: image(VMI, "centos"), guestID: GUEST, cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }] },
    version: "v1alpha3",
    becomes: {
      imageName: "centos",
      image: image(VMI, "centos-7"),
      guestID: GUEST,
      cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }],
    },
    requested: { "spec.image.name": "centos" },
  },
  {
    rule: "M8",
    title: "image alone gets no imageName",
    spec: { image: image(VMI, "centos-7") },
    becomes: { image: image(VMI, "centos-7") },
  },
  ...WRITE_MODES.map((write) => ({
    rule: "M8",
    title: `an object name without the prefix vmi- becomes the display name, with --write ${write}`,
    spec: { imageName: "centos-7" },
    write,
    becomes: { imageName: "centos", ...(write === "imageName" ? {} : { image: image(VMI, "centos-7") }) },
    requested: { "spec.imageName": "centos-7" },
    ...(write === "image" ? { warns: /vm-operator does not read "centos-7" as the image meant here/ } : {}),
  })),
  {
    rule: "M8",
    title: "an object name without the prefix vmi- becomes the display name, in v1alpha1",
    spec: { imageName: "centos-7" },
    version: "v1alpha1",
    becomes: { imageName: "centos" },
    requested: { "spec.imageName": "centos-7" },
  },
  {
    rule: "M8",
    title: "an object name stays, with a warning, where another image has the same display name",
    spec: { imageName: "centos-7" },
    images: [...IMAGES, cvmi("vmi-other", "centos")],
    becomes: { imageName: "centos-7", image: image(VMI, "centos-7") },
    warns:
      /^spec\.imageName: "centos-7": vm-operator will refuse it: neither the object name "centos-7" nor a display name says exactly this image to it; write spec\.image alone$/,
  },
  {
    rule: "M8",
    title: "an object name stays, with a warning, where another image has the same display name, in v1alpha2",
    spec: { imageName: "centos-7" },
    version: "v1alpha2",
    images: [...IMAGES, cvmi("vmi-other", "centos")],
    becomes: { imageName: "centos-7" },
    warns: /write spec\.image alone, in v1alpha3 or newer$/,
  },
  {
    rule: "M8",
    title: "strict: the display name of a cluster image stays where the namespace has an image with the same VMI ID",
    spec: { imageName: "twin-of-cluster" },
    resolution: "strict",
    becomes: { imageName: "twin-of-cluster", image: image(CVMI, "vmi-t") },
  },
  {
    rule: "M8",
    title: "strict: that display name also stays with --write imageName",
    spec: { imageName: "twin-of-cluster" },
    resolution: "strict",
    write: "imageName",
    becomes: { imageName: "twin-of-cluster" },
  },
  {
    rule: "M9",
    title: "strict: a VMI ID beside the cluster kind becomes the display name of the cluster image",
    spec: { imageName: "vmi-t", image: image(CVMI, "vmi-t") },
    resolution: "strict",
    becomes: { imageName: "twin-of-cluster", image: image(CVMI, "vmi-t") },
    requested: { "spec.imageName": "vmi-t" },
  },
  {
    rule: "M9",
    title: "strict: the cluster kind becomes the namespaced kind where both images have the same display name",
    spec: { imageName: "vmi-t", image: image(CVMI, "vmi-t") },
    resolution: "strict",
    images: [vmi("vmi-t", "twin"), cvmi("vmi-t", "twin")],
    becomes: { imageName: "vmi-t", image: image(VMI, "vmi-t") },
    requested: { "spec.image.kind": CVMI },
  },
  ...["v1alpha1", "v1alpha2"].flatMap((version) =>
    WRITE_MODES.flatMap((write) => {
      const row = { rule: "M8", version, write, images: [vmi("photon-4", "Photon 4", { namespace: undefined })] };
      const becomes = { imageName: "photon-4" };
      const where = `where VirtualMachineImage is cluster-scoped, in ${version} with --write ${write}`;
      return [
        { ...row, title: `an object name stays as sent ${where}`, spec: { imageName: "photon-4" }, becomes },
        {
          ...row,
          title: `a display name becomes the object name ${where}`,
          spec: { imageName: "Photon 4" },
          becomes,
          requested: { "spec.imageName": "Photon 4" },
          ...(write === "image" ? { warns: /so it became "photon-4"/ } : {}),
        },
      ];
    }),
  ),
  {
    rule: "M9",
    title: "the cluster kind beside imageName becomes the namespaced kind where both scopes have the VMI ID",
    spec: { imageName: "vmi-t", image: image(CVMI, "vmi-t") },
    becomes: { imageName: "vmi-t", image: image(VMI, "vmi-t") },
    requested: { "spec.image.kind": CVMI },
  },
  {
    rule: "M9",
    title: "the cluster kind becomes the namespaced kind also beside the display name of the cluster image",
    spec: { imageName: "twin-of-cluster", image: image(CVMI, "vmi-t") },
    becomes: { imageName: "vmi-t", image: image(VMI, "vmi-t") },
    requested: { "spec.image.kind": CVMI, "spec.imageName": "twin-of-cluster" },
  },
  {
    rule: "M9",
    title: "the cluster kind becomes the namespaced kind also where CD-ROMs require an imageName",
    spec: {
      image: image(CVMI, "vmi-t"),
      guestID: GUEST,
      hardware: { cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }] },
    },
    becomes: {
      imageName: "vmi-t",
      image: image(VMI, "vmi-t"),
      guestID: GUEST,
      hardware: { cdrom: [{ name: "cd1", image: image(VMI, "vmi-iso") }] },
    },
    requested: { "spec.image.kind": CVMI },
  },
  {
    rule: "RS",
    title: "strict: a display name that only one scope has becomes the VMI ID",
    spec: { imageName: "rocky" },
    resolution: "strict",
    becomes: { imageName: "vmi-c", image: image(CVMI, "vmi-c") },
    requested: { "spec.imageName": "rocky" },
  },
];

describe("mutation on CREATE", () => {
  it.each(ROWS)("$rule: $title", (row) => {
    const { spec, becomes, requested, warns, images = IMAGES, version = "v1alpha6" } = row;
    const policy = { write: row.write ?? "both", resolution: row.resolution ?? "namespace-first" } as const;
    const index = indexOf(images);
    const first = answer("mutate", request({ spec }, { version }), index, policy);
    expect(first.decision).toMatchObject({ is: "allowed" });
    expect(first.spec).toEqual(becomes);
    expect(requestedIn(first.object)).toEqual(requested);
    expect(first.warnings.join()).toMatch(warns ?? /^$/);
    const second = answer("mutate", request(first.object, { version }), index, policy);
    expect(second.patched, "a second run").toEqual([]);
    const validated = answer("validate", request(first.object, { version }), index, policy);
    expect(validated.errors, "validation of the result").toEqual([]);
  });

  it("M11: the patch has one operation for each changed value, and no other", () => {
    const metadata = { name: "web", annotations: { a: "b" } };
    const { decision } = answer("mutate", request({ metadata, spec: { imageName: "ubuntu" } }), indexOf(IMAGES));
    const pinned = JSON.stringify({ "spec.imageName": { requested: "ubuntu", resolved: "vmi-a" } });
    expect(decision).toMatchObject({
      patch: [
        { op: "add", path: "/spec/image", value: { kind: VMI, name: "vmi-a" } },
        { op: "replace", path: "/spec/imageName", value: "vmi-a" },
        { op: "add", path: "/metadata/annotations/vm-image-webhook.dev~1pinned", value: pinned },
      ],
    });
  });

  it.each([
    ["no metadata", undefined],
    ["no annotations", {}],
    ["null annotations", { annotations: null }],
  ])("M11: the patch creates missing parents: %s", (_, metadata) => {
    const { object } = answer("mutate", request({ metadata, spec: { imageName: "ubuntu" } }), indexOf(IMAGES));
    expect(requestedIn(object)).toEqual({ "spec.imageName": "ubuntu" });
  });

  it.each([
    ["annotations", { annotations: [] }],
    ["metadata", [null]],
    ["metadata", "web"],
  ])("M11: %s of a wrong type gets no annotation and is left to the API server", (_, metadata) => {
    const { patched } = answer("mutate", request({ metadata, spec: { imageName: "ubuntu" } }), indexOf(IMAGES));
    expect(patched).toEqual(["/spec/image", "/spec/imageName"]);
  });
});

describe("the pinned annotation on CREATE", () => {
  const pin = (requested: string, resolved: string): object => ({ requested, resolved });
  const rows: readonly [string, string, object | undefined][] = [
    [
      "keeps an entry whose resolved value is in the field",
      JSON.stringify({ "spec.imageName": pin("u", "vmi-a") }),
      { "spec.imageName": "u" },
    ],
    [
      "drops an entry whose resolved value is not in the field",
      JSON.stringify({ "spec.imageName": pin("u", "vmi-b") }),
      undefined,
    ],
    ["drops an entry of an unknown field", JSON.stringify({ "spec.other": pin("u", "vmi-a") }), undefined],
    [
      "drops a malformed entry",
      JSON.stringify({ "spec.imageName": "vmi-a", "spec.image.name": pin("v", "vmi-a") }),
      { "spec.image.name": "v" },
    ],
    ["drops an annotation that is not JSON", "{", undefined],
    ["drops an annotation that is not a JSON object", "[]", undefined],
    ["drops an annotation without entries", "{}", undefined],
  ];

  it.each(rows)("M10: %s", (_, text, requested) => {
    const metadata = { annotations: { [PINNED_ANNOTATION]: text, other: "stays" } };
    const { object } = answer("mutate", request({ metadata, spec: { imageName: "vmi-a" } }), indexOf(IMAGES));
    expect(requestedIn(object)).toEqual(requested);
    expect(object).toMatchObject({ metadata: { annotations: { other: "stays" } } });
  });

  it("M10: keeps white space and key order of an annotation whose entries are right", () => {
    const text = `{ "spec.imageName": { "resolved": "vmi-a", "requested": "u" } }`;
    const metadata = { annotations: { [PINNED_ANNOTATION]: text } };
    const spec = { imageName: "vmi-a", image: image(VMI, "vmi-a") };
    expect(answer("mutate", request({ metadata, spec }), indexOf(IMAGES)).patched).toEqual([]);
  });
});

function requestedIn(object: unknown): object | undefined {
  const { metadata } = object as { metadata?: { annotations?: Record<string, string> | null } };
  const text = metadata?.annotations?.[PINNED_ANNOTATION];
  if (text === undefined) return undefined;
  const pins = Object.entries(JSON.parse(text) as Record<string, { requested: string }>);
  return Object.fromEntries(pins.map(([field, { requested }]) => [field, requested]));
}
