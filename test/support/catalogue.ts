import { readFileSync } from "node:fs";
import { type Image, type ImageKind, IMAGE_KINDS } from "../../src/images/image.ts";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { readImageFile } from "../../src/sources/folder/image-file.ts";

export const NAMESPACE = "dev";

/** A ready OVF image of namespace dev, but for what is said. */
export function vmi(name: string, displayName?: string, facts: Partial<Image> = {}): Image {
  return {
    kind: "VirtualMachineImage",
    namespace: NAMESPACE,
    name,
    resourceVersion: "1",
    uid: `uid-of-${name}`,
    displayName,
    type: "OVF",
    firmware: "efi",
    capabilities: [],
    library: undefined,
    readiness: { is: "ready" },
    terminating: false,
    ...facts,
  };
}

/** The same as a cluster image. */
export function cvmi(name: string, displayName?: string, facts: Partial<Image> = {}): Image {
  return vmi(name, displayName, { kind: "ClusterVirtualMachineImage", namespace: "", ...facts });
}

/** The same as an OSImage. */
export function osImage(name: string, displayName?: string, facts: Partial<Image> = {}): Image {
  return cvmi(name, displayName, { kind: "OSImage", type: undefined, firmware: undefined, ...facts });
}

/** An index with these images; all kinds are synced unless said otherwise. */
export function indexOf(images: readonly Image[], synced: readonly ImageKind[] = IMAGE_KINDS): MemoryImageIndex {
  const index = new MemoryImageIndex();
  for (const kind of synced) {
    const relist = index.relist(kind);
    relist.add(images.filter((image) => image.kind === kind));
    relist.commit("1");
  }
  return index;
}

/** The images of examples/images. */
export function exampleImages(): readonly Image[] {
  return ["dev.yaml", "cluster.yaml", "osimages.yaml"].flatMap((file) => {
    const text = readFileSync(new URL(`../../examples/images/${file}`, import.meta.url), "utf8");
    return readImageFile(text, ".yaml").images.map(({ image }) => image);
  });
}

/** An index with them. */
export function exampleIndex(): MemoryImageIndex {
  return indexOf(exampleImages());
}
