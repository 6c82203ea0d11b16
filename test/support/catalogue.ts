import { readFileSync } from "node:fs";
import { type Image, type ImageKind, IMAGE_KINDS, type OsImage, type VmImage } from "../../src/images/image.ts";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { readImageFile } from "../../src/sources/folder/image-file.ts";

export const NAMESPACE = "dev";

const COMMON = { namespace: undefined, resourceVersion: "1", readiness: { is: "ready" }, terminating: false } as const;

/** A ready OVF image of namespace dev, but for the given facts. */
export function vmi(name: string, displayName?: string, facts: Partial<VmImage> = {}): VmImage {
  return {
    kind: "VirtualMachineImage",
    ...COMMON,
    namespace: NAMESPACE,
    name,
    uid: `uid-of-${name}`,
    displayName,
    type: "OVF",
    firmware: "efi",
    capabilities: [],
    library: undefined,
    ...facts,
  };
}

/** The same as a cluster image. */
export function cvmi(name: string, displayName?: string, facts: Partial<VmImage> = {}): VmImage {
  return vmi(name, displayName, { kind: "ClusterVirtualMachineImage", namespace: undefined, ...facts });
}

/** A ready OSImage that every user may use, but for the given facts. */
export function osImage(name: string, displayName?: string, facts: Partial<OsImage> = {}): OsImage {
  return { kind: "OSImage", ...COMMON, name, uid: `uid-of-${name}`, displayName, access: undefined, ...facts };
}

/** An index with these images. All kinds are synced by default. */
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

/** An index with the images of examples/images. */
export function exampleIndex(): MemoryImageIndex {
  return indexOf(exampleImages());
}
