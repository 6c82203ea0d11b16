import { describe, expect, it } from "vitest";
import type { Image, ImageKind } from "../../src/images/image.ts";
import { nearMatches } from "../../src/images/near-matches.ts";
import { cvmi, indexOf, NAMESPACE, osImage, vmi } from "../support/catalogue.ts";

interface Row {
  readonly title: string;
  readonly images: readonly Image[];
  readonly name: string;
  readonly kind?: ImageKind;
  readonly near: readonly string[];
}

const UBUNTU = vmi("vmi-a", "ubuntu-24.04");
const MANY = Array.from({ length: 5_000 }, (_, index) => vmi(`vmi-${index}`, `image-number-${index}`));

const ROWS: readonly Row[] = [
  {
    title: "an OSImage by its object name, which people choose",
    images: [osImage("ubuntu-noble"), vmi("vmi-a", "ubuntu-noble")],
    name: "ubuntu-nobel",
    kind: "OSImage",
    near: ["ubuntu-noble"],
  },
  {
    title: "an OSImage by its display name, but no image of another kind",
    images: [osImage("noble", "Ubuntu Noble"), cvmi("vmi-c", "Ubuntu Nobel")],
    name: "Ubuntu Nobel",
    kind: "OSImage",
    near: ["noble"],
  },
  {
    title: "no OSImage for a machine",
    images: [osImage("ubuntu-noble", "ubuntu")],
    name: "ubuntu",
    kind: "ClusterVirtualMachineImage",
    near: [],
  },
  {
    title: "a cluster-scoped VirtualMachineImage by its object name, which is not a VMI ID",
    images: [vmi("ubuntu-noble", "Ubuntu", { namespace: undefined })],
    name: "ubuntu-nobel",
    near: ["ubuntu-noble"],
  },
  {
    title: "a VirtualMachineImage of a namespace by its display name only",
    images: [vmi("ubuntu-noble", "Ubuntu")],
    name: "ubuntu-nobel",
    near: [],
  },
  { title: "letter case", images: [UBUNTU], name: "Ubuntu-24.04", near: ["vmi-a"] },
  { title: "letter case of the image", images: [vmi("vmi-a", "Ubuntu-24.04")], name: "ubuntu-24.04", near: ["vmi-a"] },
  { title: "outer spaces", images: [vmi("vmi-a", " ubuntu ")], name: "ubuntu", near: ["vmi-a"] },
  { title: "the case of an ID", images: [UBUNTU], name: "VMI-A", near: ["vmi-a"] },
  { title: "a typo", images: [UBUNTU], name: "ubuntu-2404", near: ["vmi-a"] },
  {
    title: "a typo in an ID",
    images: [vmi("vmi-0a0044d7c690bcbea")],
    name: "vmi-0a0044d7c690bcbeb",
    near: ["vmi-0a0044d7c690bcbea"],
  },
  { title: "a third of the letters may differ", images: [vmi("vmi-a", "abcdef")], name: "abcdXY", near: ["vmi-a"] },
  { title: "more than a third may not differ", images: [vmi("vmi-a", "abcdef")], name: "abcXYZ", near: [] },
  { title: "short names have no neighbours", images: [vmi("vmi-a", "ab")], name: "ax", near: [] },
  { title: "no similar name", images: [UBUNTU], name: "windows", near: [] },
  {
    title: "case before edits, fewer edits before more",
    images: [vmi("vmi-2", "photon-55"), vmi("vmi-1", "photon-6"), vmi("vmi-0", "PHOTON-5")],
    name: "photon-5",
    near: ["vmi-0", "vmi-2", "vmi-1"],
  },
  {
    title: "the namespace before the cluster",
    images: [cvmi("vmi-c", "photon-4"), vmi("vmi-n", "photon-6")],
    name: "photon-5",
    near: ["vmi-n", "vmi-c"],
  },
  {
    title: "at most three",
    images: ["1", "2", "3", "4"].map((n) => vmi(`vmi-${n}`, `photon-${n}`)),
    name: "photon-5",
    near: ["vmi-1", "vmi-2", "vmi-3"],
  },
  {
    title: "no image of another namespace",
    images: [vmi("vmi-a", "ubuntu-24.04", { namespace: "prod" })],
    name: "ubuntu-2404",
    near: [],
  },
  {
    title: "no image being deleted",
    images: [vmi("vmi-a", "ubuntu-24.04", { terminating: true })],
    name: "ubuntu-2404",
    near: [],
  },
  {
    title: "the other kind has the name",
    images: [cvmi("vmi-c", "rocky")],
    name: "rocky",
    kind: "VirtualMachineImage",
    near: ["vmi-c"],
  },
  {
    title: "the other kind has the ID",
    images: [cvmi("vmi-c", "rocky")],
    name: "vmi-c",
    kind: "VirtualMachineImage",
    near: ["vmi-c"],
  },
  { title: "a wrong library", images: [UBUNTU], name: "cl-x/ubuntu-24.04", near: ["vmi-a"] },
  { title: "a name that was pasted by mistake", images: [UBUNTU], name: "u".repeat(100_000), near: [] },
  {
    title: "the last of 5,000 names",
    images: MANY,
    name: "image-number-49999",
    near: ["vmi-4999", "vmi-499", "vmi-999"],
  },
  { title: "none beyond 5,000 names", images: [...MANY, UBUNTU], name: "ubuntu-2404", near: [] },
  {
    title: "equal except for case, beyond 5,000 names",
    images: [...MANY, UBUNTU],
    name: "UBUNTU-24.04",
    near: ["vmi-a"],
  },
];

describe("nearMatches", () => {
  it.each(ROWS)("R7: $title", ({ images, name, kind, near }) => {
    const found = nearMatches(indexOf(images), { namespace: NAMESPACE, name, kind });
    expect(found.map((image) => image.name)).toEqual(near);
  });
});
