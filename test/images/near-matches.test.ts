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
const MANY = Array.from({ length: 10_000 }, (_, index) => vmi(`vmi-${index}`, `image-number-${index}`));

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
    images: [vmi("ubuntu-noble", "Debian")],
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
    title: "at most three, the last by name first",
    images: ["1", "2", "3", "4"].map((n) => vmi(`vmi-${n}`, `photon-${n}`)),
    name: "photon-5",
    near: ["vmi-4", "vmi-3", "vmi-2"],
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
    title: "only images of the same name where the other kind has it",
    images: [cvmi("vmi-c", "rocky"), vmi("vmi-a", "rocky-9")],
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
  { title: "the beginning of a name", images: [UBUNTU], name: "ubuntu", near: ["vmi-a"] },
  { title: "the end of a name", images: [UBUNTU], name: "24.04", near: ["vmi-a"] },
  {
    title: "the shortest name that begins so first",
    images: [vmi("vmi-b", "rocky-9-minimal"), vmi("vmi-a", "rocky-9"), vmi("vmi-c", "my-rocky")],
    name: "rocky",
    near: ["vmi-a", "vmi-b", "vmi-c"],
  },
  {
    title: "words in another order, with others",
    images: [UBUNTU, vmi("vmi-b", "ubuntu-22.04")],
    name: "Ubuntu Server 22.04 LTS",
    near: ["vmi-b"],
  },
  {
    title: "a name that is part of the written one",
    images: [vmi("vmi-a", "photon")],
    name: "my-photon-5",
    near: ["vmi-a"],
  },
  { title: "one character is part of too many names", images: [UBUNTU], name: "u", near: [] },
  { title: "a hyphen that looks alike", images: [UBUNTU], name: "ubuntu\u201124.04", near: ["vmi-a"] },
  { title: "a no-break space", images: [vmi("vmi-a", "Ubuntu 24.04")], name: "Ubuntu\u00a024.04", near: ["vmi-a"] },
  { title: "a zero-width space", images: [UBUNTU], name: "ubuntu\u200b-24.04", near: ["vmi-a"] },
  {
    title: "images of the most similar library first",
    images: [vmi("vmi-a", "photon-5", { library: "cl-dev" }), vmi("vmi-b", "photon-5", { library: "cl-linux" })],
    name: "cl-linx/photon-5",
    near: ["vmi-b", "vmi-a"],
  },
  { title: "a wrong library", images: [UBUNTU], name: "cl-x/ubuntu-24.04", near: ["vmi-a"] },
  { title: "a name that was pasted by mistake", images: [UBUNTU], name: "u".repeat(100_000), near: [] },
  {
    title: "the last of 10,000 names",
    images: MANY,
    name: "image-number-9999x",
    near: ["vmi-9999", "vmi-9998", "vmi-9997"],
  },
  { title: "a typo of the last of 10,000 names", images: [...MANY, UBUNTU], name: "ubuntu-2404", near: ["vmi-a"] },
  {
    title: "equal except for case, among 10,000 names",
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
