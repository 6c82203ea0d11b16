import { describe, expect, it } from "vitest";
import type { Image, ImageKind } from "../../src/images/image.ts";
import type { ImageQuery } from "../../src/images/image-index.ts";
import { isNameOf, type Resolution, type ResolutionMode, resolve } from "../../src/images/resolve.ts";
import { cvmi, indexOf, NAMESPACE, osImage, vmi } from "../support/catalogue.ts";

const OURS = vmi("vmi-a", "ubuntu", { library: "cl-a" });
const OTHER = vmi("vmi-b", "ubuntu", { library: "cl-b" });
const CLUSTER = cvmi("vmi-c", "ubuntu", { library: "cl-c" });

const SHORT = { VirtualMachineImage: "vmi", ClusterVirtualMachineImage: "cvmi", OSImage: "os" };

/** `resolved vmi-a by displayName`, `ambiguous vmi-a vmi-b`, `notFound`, `notSynced VirtualMachineImage`. */
function inShort(resolution: Resolution): string {
  switch (resolution.is) {
    case "resolved": {
      const { kind, name } = resolution.image;
      return `${SHORT[kind]}/${name} by ${resolution.matchedBy}`;
    }
    case "ambiguous":
      return `ambiguous ${resolution.candidates.map(({ name }) => name).join(" ")}`;
    case "notFound":
      return "notFound";
    case "notSynced":
      return `notSynced ${resolution.kind}`;
  }
}

interface Row {
  readonly rule: string;
  readonly title: string;
  readonly images: readonly Image[];
  readonly name: string;
  readonly kind?: ImageKind;
  readonly mode?: ResolutionMode;
  readonly synced?: readonly ImageKind[];
  readonly is: string;
}

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";

const OS = "OSImage";
const OS_ROWS: readonly Row[] = [
  {
    rule: "R8",
    title: "an object name",
    images: [osImage("noble", "Ubuntu")],
    name: "noble",
    kind: OS,
    is: "os/noble by objectName",
  },
  {
    rule: "R8",
    title: "a display name",
    images: [osImage("noble", "Ubuntu")],
    name: "Ubuntu",
    kind: OS,
    is: "os/noble by displayName",
  },
  {
    rule: "R8",
    title: "an object name before another's display name",
    images: [osImage("noble", "Ubuntu"), osImage("jammy", "noble")],
    name: "noble",
    kind: OS,
    is: "os/noble by objectName",
  },
  {
    rule: "R8",
    title: "a display name of two",
    images: [osImage("noble", "Ubuntu"), osImage("jammy", "Ubuntu")],
    name: "Ubuntu",
    kind: OS,
    is: "ambiguous noble jammy",
  },
  {
    rule: "R8",
    title: "one that is being deleted has no display name",
    images: [osImage("noble", "Ubuntu"), osImage("jammy", "Ubuntu", { terminating: true })],
    name: "Ubuntu",
    kind: OS,
    is: "os/noble by displayName",
  },
  {
    rule: "R8",
    title: "vmi- has no special meaning",
    images: [osImage("a", "vmi-x")],
    name: "vmi-x",
    kind: OS,
    is: "os/a by displayName",
  },
  {
    rule: "R8",
    title: "an image of another kind is not found",
    images: [OURS, CLUSTER],
    name: "ubuntu",
    kind: OS,
    is: "notFound",
  },
  {
    rule: "R8",
    title: "an OSImage is not found without its kind",
    images: [osImage("noble", "Ubuntu")],
    name: "noble",
    is: "notFound",
  },
  {
    rule: "R8",
    title: "no other kind has to be synced",
    images: [osImage("noble")],
    name: "noble",
    kind: OS,
    synced: [OS],
    is: "os/noble by objectName",
  },
  {
    rule: "R8",
    title: "other kinds do not need it synced",
    images: [OURS],
    name: "vmi-a",
    synced: [VMI, CVMI],
    is: "vmi/vmi-a by objectName",
  },
  {
    rule: "R8",
    title: "its own kind has to be synced",
    images: [],
    name: "noble",
    kind: OS,
    synced: [VMI, CVMI],
    is: "notSynced OSImage",
  },
  {
    rule: "RS",
    title: "an OSImage by its object name only, as in the platform",
    images: [osImage("noble", "Ubuntu")],
    name: "Ubuntu",
    kind: OS,
    mode: "strict",
    is: "notFound",
  },
];

const ROWS: readonly Row[] = [
  ...OS_ROWS,
  {
    rule: "R1",
    title: "an ID of the namespace",
    images: [OURS, cvmi("vmi-x")],
    name: "vmi-a",
    is: "vmi/vmi-a by objectName",
  },
  { rule: "R1", title: "an ID of the cluster", images: [OURS, CLUSTER], name: "vmi-c", is: "cvmi/vmi-c by objectName" },
  {
    rule: "R1",
    title: "an object name wins over a display name that looks like an ID",
    images: [vmi("vmi-a", "vmi-c"), CLUSTER],
    name: "vmi-c",
    is: "cvmi/vmi-c by objectName",
  },
  {
    rule: "R1",
    title: "a display name that looks like an ID, if no object has it",
    images: [vmi("vmi-a", "vmi-golden")],
    name: "vmi-golden",
    is: "vmi/vmi-a by displayName",
  },
  { rule: "R1", title: "an ID that no image has", images: [OURS], name: "vmi-zzz", is: "notFound" },
  {
    rule: "R2",
    title: "a display name of the namespace wins over one of the cluster",
    images: [OURS, CLUSTER],
    name: "ubuntu",
    is: "vmi/vmi-a by displayName",
  },
  {
    rule: "R2",
    title: "a display name of the cluster",
    images: [CLUSTER],
    name: "ubuntu",
    is: "cvmi/vmi-c by displayName",
  },
  {
    rule: "R2",
    title: "two of the namespace are ambiguous, even if the cluster has one",
    images: [OURS, OTHER, CLUSTER],
    name: "ubuntu",
    is: "ambiguous vmi-a vmi-b",
  },
  {
    rule: "R2",
    title: "two of the cluster are ambiguous",
    images: [CLUSTER, cvmi("vmi-d", "ubuntu")],
    name: "ubuntu",
    is: "ambiguous vmi-c vmi-d",
  },
  {
    rule: "R2",
    title: "a display name of the cluster wins over an object name",
    images: [vmi("ubuntu", "other"), CLUSTER],
    name: "ubuntu",
    is: "cvmi/vmi-c by displayName",
  },
  {
    rule: "R2",
    title: "an old object name in the namespace, then in the cluster",
    images: [vmi("photon-3"), cvmi("photon-3", "p")],
    name: "photon-3",
    is: "vmi/photon-3 by objectName",
  },
  { rule: "R2", title: "a cvmi- name", images: [cvmi("cvmi-1")], name: "cvmi-1", is: "cvmi/cvmi-1 by objectName" },
  {
    rule: "R3",
    title: "the library tells equal names apart",
    images: [OURS, OTHER],
    name: "cl-b/ubuntu",
    is: "vmi/vmi-b by libraryName",
  },
  {
    rule: "R3",
    title: "the library of a cluster image, even if the namespace has the name",
    images: [OURS, CLUSTER],
    name: "cl-c/ubuntu",
    is: "cvmi/vmi-c by libraryName",
  },
  {
    rule: "R3",
    title: "equal names in one library stay ambiguous",
    images: [OURS, vmi("vmi-b", "ubuntu", { library: "cl-a" })],
    name: "cl-a/ubuntu",
    is: "ambiguous vmi-a vmi-b",
  },
  {
    rule: "R3",
    title: "an object name within a library",
    images: [OURS],
    name: "cl-a/vmi-a",
    is: "vmi/vmi-a by libraryName",
  },
  {
    rule: "R3",
    title: "a display name with a slash wins over LIBRARY/NAME",
    images: [OURS, vmi("vmi-s", "cl-a/ubuntu")],
    name: "cl-a/ubuntu",
    is: "vmi/vmi-s by displayName",
  },
  {
    rule: "R3",
    title: "only the first slash splits",
    images: [vmi("vmi-s", "a/b", { library: "cl-a" })],
    name: "cl-a/a/b",
    is: "vmi/vmi-s by libraryName",
  },
  { rule: "R3", title: "an unknown library", images: [OURS], name: "cl-x/ubuntu", is: "notFound" },
  {
    rule: "R3",
    title: "no library or no name",
    images: [OURS, vmi("vmi-e", undefined)],
    name: "/ubuntu",
    is: "notFound",
  },
  {
    rule: "R4",
    title: "only cluster images",
    images: [OURS, CLUSTER],
    name: "ubuntu",
    kind: CVMI,
    is: "cvmi/vmi-c by displayName",
  },
  { rule: "R4", title: "only namespace images", images: [CLUSTER], name: "ubuntu", kind: VMI, is: "notFound" },
  {
    rule: "R4",
    title: "with a kind, an object name wins over a display name",
    images: [vmi("golden", "x"), vmi("vmi-g", "golden")],
    name: "golden",
    kind: VMI,
    is: "vmi/golden by objectName",
  },
  {
    rule: "R5",
    title: "a cluster display name whose object name the namespace has, too",
    images: [vmi("vmi-c", "renamed"), CLUSTER],
    name: "ubuntu",
    is: "vmi/vmi-c by displayName",
  },
  {
    rule: "R5",
    title: "an image in both scopes is not ambiguous",
    images: [vmi("vmi-c", "ubuntu"), CLUSTER],
    name: "ubuntu",
    is: "vmi/vmi-c by displayName",
  },
  {
    rule: "R5",
    title: "a given kind keeps to its scope",
    images: [vmi("vmi-c", "renamed"), CLUSTER],
    name: "ubuntu",
    kind: CVMI,
    is: "cvmi/vmi-c by displayName",
  },
  { rule: "R6", title: "letter case counts", images: [OURS], name: "Ubuntu", is: "notFound" },
  { rule: "R6", title: "spaces count", images: [OURS], name: " ubuntu", is: "notFound" },
  { rule: "R6", title: "there are no wildcards", images: [OURS], name: "ubun*", is: "notFound" },
  { rule: "R6", title: "the prefix is lower case", images: [OURS], name: "VMI-a", is: "notFound" },
  {
    rule: "R6",
    title: "an image being deleted has no display name",
    images: [vmi("vmi-a", "ubuntu", { terminating: true }), OTHER],
    name: "ubuntu",
    is: "vmi/vmi-b by displayName",
  },
  {
    rule: "R6",
    title: "an image being deleted keeps its object name",
    images: [vmi("vmi-a", "ubuntu", { terminating: true })],
    name: "vmi-a",
    is: "vmi/vmi-a by objectName",
  },
  {
    rule: "R6",
    title: "readiness does not choose",
    images: [
      vmi("vmi-a", "ubuntu", { readiness: { is: "notReady", condition: "Ready", reason: "", message: "" } }),
      OTHER,
    ],
    name: "ubuntu",
    is: "ambiguous vmi-a vmi-b",
  },
  {
    rule: "R6",
    title: "no display name, only an object name",
    images: [vmi("vmi-n")],
    name: "vmi-n",
    is: "vmi/vmi-n by objectName",
  },
  {
    rule: "R6",
    title: "never another namespace's",
    images: [vmi("vmi-a", "ubuntu", { namespace: "prod" })],
    name: "ubuntu",
    is: "notFound",
  },
  {
    rule: "R6",
    title: "never another namespace's ID",
    images: [vmi("vmi-a", "u", { namespace: "prod" })],
    name: "vmi-a",
    is: "notFound",
  },
  {
    rule: "RS",
    title: "an ID of the namespace first",
    images: [vmi("vmi-c", "x"), CLUSTER],
    name: "vmi-c",
    mode: "strict",
    is: "vmi/vmi-c by objectName",
  },
  {
    rule: "RS",
    title: "an ID is never a display name",
    images: [vmi("vmi-a", "vmi-golden")],
    name: "vmi-golden",
    mode: "strict",
    is: "notFound",
  },
  {
    rule: "RS",
    title: "both scopes together are ambiguous",
    images: [OURS, CLUSTER],
    name: "ubuntu",
    mode: "strict",
    is: "ambiguous vmi-a vmi-c",
  },
  {
    rule: "RS",
    title: "twins are ambiguous",
    images: [vmi("vmi-c", "ubuntu"), CLUSTER],
    name: "ubuntu",
    mode: "strict",
    is: "ambiguous vmi-c vmi-c",
  },
  {
    rule: "RS",
    title: "images being deleted count",
    images: [vmi("vmi-a", "ubuntu", { terminating: true }), OTHER],
    name: "ubuntu",
    mode: "strict",
    is: "ambiguous vmi-a vmi-b",
  },
  {
    rule: "RS",
    title: "one over both scopes",
    images: [CLUSTER],
    name: "ubuntu",
    mode: "strict",
    is: "cvmi/vmi-c by displayName",
  },
  {
    rule: "RS",
    title: "no other object names",
    images: [vmi("photon-3")],
    name: "photon-3",
    mode: "strict",
    is: "notFound",
  },
  { rule: "RS", title: "no LIBRARY/NAME", images: [OURS], name: "cl-a/ubuntu", mode: "strict", is: "notFound" },
  {
    rule: "RS",
    title: "with a kind, object names only",
    images: [OURS],
    name: "ubuntu",
    kind: VMI,
    mode: "strict",
    is: "notFound",
  },
  {
    rule: "RS",
    title: "with a kind, its object",
    images: [vmi("photon-3")],
    name: "photon-3",
    kind: VMI,
    mode: "strict",
    is: "vmi/photon-3 by objectName",
  },
  {
    rule: "notSynced",
    title: "a cluster display name needs the namespace list",
    images: [CLUSTER],
    name: "ubuntu",
    synced: [CVMI],
    is: `notSynced ${VMI}`,
  },
  {
    rule: "notSynced",
    title: "an ID found in the namespace needs no cluster list",
    images: [OURS],
    name: "vmi-a",
    synced: [VMI],
    is: "vmi/vmi-a by objectName",
  },
  {
    rule: "notSynced",
    title: "an ID missing from the namespace needs the cluster list",
    images: [OURS],
    name: "vmi-z",
    synced: [VMI],
    is: `notSynced ${CVMI}`,
  },
  {
    rule: "notSynced",
    title: "a cluster ID needs the namespace list, which comes first",
    images: [CLUSTER],
    name: "vmi-c",
    synced: [CVMI],
    is: `notSynced ${VMI}`,
  },
  {
    rule: "notSynced",
    title: "a namespace hit needs no cluster list",
    images: [OURS],
    name: "ubuntu",
    synced: [VMI],
    is: "vmi/vmi-a by displayName",
  },
  {
    rule: "notSynced",
    title: "with a kind, the other list is not needed",
    images: [CLUSTER],
    name: "ubuntu",
    kind: CVMI,
    synced: [CVMI],
    is: "cvmi/vmi-c by displayName",
  },
  {
    rule: "notSynced",
    title: "a miss in the namespace needs the cluster list",
    images: [],
    name: "ubuntu",
    synced: [VMI],
    is: `notSynced ${CVMI}`,
  },
  {
    rule: "notSynced",
    title: "strict needs both lists",
    images: [OURS],
    name: "ubuntu",
    mode: "strict",
    synced: [VMI],
    is: `notSynced ${CVMI}`,
  },
];

/** Cluster-scoped VirtualMachineImages, as Supervisors before April 2024 have them. */
const OF_CLUSTER = [
  vmi("ubuntu-noble", "Ubuntu 24.04", { namespace: undefined, library: "cl-a" }),
  vmi("noble-copy", "ubuntu-noble", { namespace: undefined }),
  cvmi("vmi-c", "Ubuntu 24.04"),
];

describe("resolve with cluster-scoped VirtualMachineImages", () => {
  it.each<[string, string, ImageKind | undefined, string]>([
    [
      "R2: a display name, before that of a cluster image",
      "Ubuntu 24.04",
      undefined,
      "vmi/ubuntu-noble by displayName",
    ],
    ["R2: an object name before a display name", "ubuntu-noble", undefined, "vmi/ubuntu-noble by objectName"],
    ["R2: an object name", "noble-copy", undefined, "vmi/noble-copy by objectName"],
    ["R3: a name in a library", "cl-a/ubuntu-noble", undefined, "vmi/ubuntu-noble by libraryName"],
    ["R4: an object name of a kind", "ubuntu-noble", VMI, "vmi/ubuntu-noble by objectName"],
    ["R4: no image of the other kind", "ubuntu-noble", CVMI, "notFound"],
  ])("%s", (_, name, kind, is) => {
    for (const namespace of [NAMESPACE, "prod"]) {
      expect(inShort(resolve(indexOf(OF_CLUSTER), { namespace, name, kind }, "namespace-first"))).toBe(is);
    }
  });
});

describe("resolve", () => {
  it.each(ROWS)("$rule: $title", ({ images, name, kind, mode = "namespace-first", synced, is }) => {
    const query: ImageQuery = { namespace: NAMESPACE, name, kind };
    expect(inShort(resolve(indexOf(images, synced), query, mode))).toBe(is);
  });

  it("finds cluster images from a namespace without images", () => {
    expect(inShort(resolve(indexOf([CLUSTER]), { namespace: "empty", name: "ubuntu" }, "namespace-first"))).toBe(
      "cvmi/vmi-c by displayName",
    );
  });
});

describe("isNameOf", () => {
  it.each([
    ["vmi-a", true],
    ["ubuntu", true],
    ["cl-a/ubuntu", true],
    ["cl-a/vmi-a", true],
    ["cl-b/ubuntu", false],
    ["Ubuntu", false],
    ["", false],
  ])("%j: %s", (name, is) => {
    expect(isNameOf(OURS, name, "namespace-first")).toBe(is);
  });

  it("does not know LIBRARY/NAME in strict mode", () => {
    expect(isNameOf(OURS, "cl-a/ubuntu", "strict")).toBe(false);
  });
});
