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
/** A machine with CD-ROMs needs one. */
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
    title: "a display name",
    spec: { imageName: "ubuntu" },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M1",
    title: "a VMI ID stays and image is filled",
    spec: { imageName: "vmi-c" },
    becomes: { imageName: "vmi-c", image: image(CVMI, "vmi-c") },
  },
  {
    rule: "M1",
    title: "LIBRARY/NAME",
    spec: { imageName: "cl-b/photon" },
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "cl-b/photon" },
  },
  {
    rule: "M1",
    title: "an empty image is the same as none",
    spec: { imageName: "ubuntu", image: { kind: "", name: "" } },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M1",
    title: "a null image is the same as none",
    spec: { imageName: "ubuntu", image: null },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M2",
    title: "a display name",
    spec: { imageName: "ubuntu" },
    write: "imageName",
    becomes: { imageName: "vmi-a" },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M2",
    title: "a given image is normalised all the same",
    spec: { imageName: "ubuntu", image: image(VMI, "ubuntu") },
    write: "imageName",
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu", "spec.image.name": "ubuntu" },
  },
  {
    rule: "M3",
    title: "a display name that vm-operator reads alike stays",
    spec: { imageName: "ubuntu" },
    write: "image",
    becomes: { imageName: "ubuntu", image: image(VMI, "vmi-a") },
  },
  {
    rule: "M3",
    title: "LIBRARY/NAME means nothing to vm-operator",
    spec: { imageName: "cl-b/photon" },
    write: "image",
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "cl-b/photon" },
    warns: /"vmi-q"; write that in your manifest/,
  },
  {
    rule: "M3",
    title: "a name of both scopes is ambiguous to vm-operator",
    spec: { imageName: "ubuntu" },
    images: [UBUNTU, cvmi("vmi-u", "ubuntu")],
    write: "image",
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "ubuntu" },
    warns: /"vmi-a"; write that/,
  },
  {
    rule: "M3",
    title: "a given image settles what the name means",
    spec: { imageName: "photon", image: image(VMI, "vmi-q") },
    write: "image",
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "photon" },
    warns: /"vmi-q"; write that/,
  },
  ...(["both", "imageName"] as const).map((write) => ({
    rule: "M4",
    title: `v1alpha1, --write ${write}`,
    spec: { imageName: "rocky" },
    version: "v1alpha1",
    write,
    becomes: { imageName: "vmi-c" },
    requested: { "spec.imageName": "rocky" },
  })),
  {
    rule: "M4",
    title: "v1alpha2, --write image, and vm-operator finds it",
    spec: { imageName: "rocky" },
    version: "v1alpha2",
    write: "image",
    becomes: { imageName: "rocky" },
  },
  {
    rule: "M4",
    title: "v1alpha2, --write image, and vm-operator does not",
    spec: { imageName: "cl-a/photon" },
    version: "v1alpha2",
    write: "image",
    becomes: { imageName: "vmi-p" },
    requested: { "spec.imageName": "cl-a/photon" },
    warns: /vm-operator does not read "cl-a\/photon"/,
  },
  {
    rule: "M4",
    title: "an image in v1alpha2 is an unknown field and survives",
    spec: { imageName: "ubuntu", image: image(VMI, "anything") },
    version: "v1alpha2",
    becomes: { imageName: "vmi-a", image: image(VMI, "anything") },
    requested: { "spec.imageName": "ubuntu" },
  },
  {
    rule: "M5",
    title: "a display name within its kind",
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
    title: "the kind stays although the namespace has the object name",
    spec: { image: image(CVMI, "vmi-t") },
    becomes: { image: image(CVMI, "vmi-t") },
  },
  {
    rule: "M5",
    title: "unknown fields of an image survive",
    spec: { image: { kind: VMI, name: "ubuntu", extra: 1 } },
    becomes: { image: { kind: VMI, name: "vmi-a", extra: 1 } },
    requested: { "spec.image.name": "ubuntu" },
  },
  {
    rule: "M5",
    title: "an object name wins over a display name",
    spec: { image: image(VMI, "centos-7") },
    images: [OLD, vmi("vmi-x", "centos-7")],
    becomes: { image: image(VMI, "centos-7") },
  },
  {
    rule: "M6",
    title: "image settles an ambiguous name",
    spec: { imageName: "photon", image: image(VMI, "vmi-q") },
    becomes: { imageName: "vmi-q", image: image(VMI, "vmi-q") },
    requested: { "spec.imageName": "photon" },
  },
  {
    rule: "M6",
    title: "by object name, display name and library",
    spec: { imageName: "cl-a/ubuntu", image: image("", "ubuntu") },
    becomes: { imageName: "vmi-a", image: image(VMI, "vmi-a") },
    requested: { "spec.imageName": "cl-a/ubuntu", "spec.image.name": "ubuntu" },
  },
  {
    rule: "M7",
    title: "v1alpha6",
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
    title: "v1alpha4, where CD-ROMs were elsewhere, and --write image",
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
    title: "an empty list of CD-ROMs is none",
    spec: { image: image(VMI, "vmi-a"), hardware: { cdrom: [] } },
    becomes: { image: image(VMI, "vmi-a"), hardware: { cdrom: [] } },
  },
  {
    rule: "M8",
    title: "a display name stays, because vm-operator would take centos-7 for one",
    spec: { imageName: "centos" },
    becomes: { imageName: "centos", image: image(VMI, "centos-7") },
  },
  {
    rule: "M8",
    title: "beside CD-ROMs the display name is written",
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
    title: "an image alone needs no imageName",
    spec: { image: image(VMI, "centos-7") },
    becomes: { image: image(VMI, "centos-7") },
  },
  ...WRITE_MODES.map((write) => ({
    rule: "M8",
    title: `the display name for the object name, --write ${write}`,
    spec: { imageName: "centos-7" },
    write,
    becomes: { imageName: "centos", ...(write === "imageName" ? {} : { image: image(VMI, "centos-7") }) },
    requested: { "spec.imageName": "centos-7" },
    ...(write === "image" ? { warns: /vm-operator does not read "centos-7" as the image meant here/ } : {}),
  })),
  {
    rule: "M8",
    title: "the display name for the object name, v1alpha1",
    spec: { imageName: "centos-7" },
    version: "v1alpha1",
    becomes: { imageName: "centos" },
    requested: { "spec.imageName": "centos-7" },
  },
  {
    rule: "M8",
    title: "nothing where the display name is that of another image, too",
    spec: { imageName: "centos-7" },
    images: [...IMAGES, cvmi("vmi-other", "centos")],
    becomes: { imageName: "centos-7", image: image(VMI, "centos-7") },
    warns:
      /^spec\.imageName: "centos-7": vm-operator will refuse it: neither the object name "centos-7" nor a display name says exactly this image to it; write spec\.image alone$/,
  },
  {
    rule: "M8",
    title: "nothing where the display name is that of another image, too, v1alpha2",
    spec: { imageName: "centos-7" },
    version: "v1alpha2",
    images: [...IMAGES, cvmi("vmi-other", "centos")],
    becomes: { imageName: "centos-7" },
    warns: /write spec\.image alone, in v1alpha3 or newer$/,
  },
  {
    rule: "M8",
    title: "strict: a cluster image keeps its display name where the namespace has another image of its VMI ID",
    spec: { imageName: "twin-of-cluster" },
    resolution: "strict",
    becomes: { imageName: "twin-of-cluster", image: image(CVMI, "vmi-t") },
  },
  {
    rule: "M8",
    title: "strict: the same with --write imageName",
    spec: { imageName: "twin-of-cluster" },
    resolution: "strict",
    write: "imageName",
    becomes: { imageName: "twin-of-cluster" },
  },
  {
    rule: "M9",
    title: "strict: an ID beside Cluster becomes the display name that says so",
    spec: { imageName: "vmi-t", image: image(CVMI, "vmi-t") },
    resolution: "strict",
    becomes: { imageName: "twin-of-cluster", image: image(CVMI, "vmi-t") },
    requested: { "spec.imageName": "vmi-t" },
  },
  {
    rule: "M9",
    title: "strict: the namespaced twin where no display name tells them apart",
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
      const where = `where VirtualMachineImages are of the cluster, ${version}, --write ${write}`;
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
    title: "beside an imageName the namespaced twin is meant",
    spec: { imageName: "vmi-t", image: image(CVMI, "vmi-t") },
    becomes: { imageName: "vmi-t", image: image(VMI, "vmi-t") },
    requested: { "spec.image.kind": CVMI },
  },
  {
    rule: "M9",
    title: "by the cluster image's display name, too",
    spec: { imageName: "twin-of-cluster", image: image(CVMI, "vmi-t") },
    becomes: { imageName: "vmi-t", image: image(VMI, "vmi-t") },
    requested: { "spec.image.kind": CVMI, "spec.imageName": "twin-of-cluster" },
  },
  {
    rule: "M9",
    title: "an imageName that CD-ROMs bring counts",
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
    title: "strict: a name of one scope",
    spec: { imageName: "rocky" },
    resolution: "strict",
    becomes: { imageName: "vmi-c", image: image(CVMI, "vmi-c") },
    requested: { "spec.imageName": "rocky" },
  },
];

describe("CREATE", () => {
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

  it("M11: changes only what must change, one operation each", () => {
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
  ])("M11: creates missing parents: %s", (_, metadata) => {
    const { object } = answer("mutate", request({ metadata, spec: { imageName: "ubuntu" } }), indexOf(IMAGES));
    expect(requestedIn(object)).toEqual({ "spec.imageName": "ubuntu" });
  });

  it.each([
    ["annotations", { annotations: [] }],
    ["metadata", [null]],
    ["metadata", "web"],
  ])("M11: leaves %s of a wrong type to the API server", (_, metadata) => {
    const { patched } = answer("mutate", request({ metadata, spec: { imageName: "ubuntu" } }), indexOf(IMAGES));
    expect(patched).toEqual(["/spec/image", "/spec/imageName"]);
  });
});

describe("the annotation on CREATE", () => {
  const pin = (requested: string, resolved: string): object => ({ requested, resolved });
  const rows: readonly [string, string, object | undefined][] = [
    [
      "keeps an entry whose value stands",
      JSON.stringify({ "spec.imageName": pin("u", "vmi-a") }),
      { "spec.imageName": "u" },
    ],
    ["drops an entry of another value", JSON.stringify({ "spec.imageName": pin("u", "vmi-b") }), undefined],
    ["drops an entry of an unknown field", JSON.stringify({ "spec.other": pin("u", "vmi-a") }), undefined],
    [
      "drops a malformed entry",
      JSON.stringify({ "spec.imageName": "vmi-a", "spec.image.name": pin("v", "vmi-a") }),
      { "spec.image.name": "v" },
    ],
    ["drops what is no JSON", "{", undefined],
    ["drops what is no object", "[]", undefined],
    ["drops an empty one", "{}", undefined],
  ];

  it.each(rows)("M10: %s", (_, text, requested) => {
    const metadata = { annotations: { [PINNED_ANNOTATION]: text, other: "stays" } };
    const { object } = answer("mutate", request({ metadata, spec: { imageName: "vmi-a" } }), indexOf(IMAGES));
    expect(requestedIn(object)).toEqual(requested);
    expect(object).toMatchObject({ metadata: { annotations: { other: "stays" } } });
  });

  it("M10: keeps the layout of an annotation that says what it should", () => {
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
