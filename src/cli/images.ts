import type { Logger } from "pino";
import type { FlagValues } from "../config.ts";
import { IMAGE_KINDS } from "../images/image.ts";
import { MemoryImageIndex } from "../images/image-index.ts";
import { kubeconfigCredentials } from "../kube/kubeconfig.ts";
import { ClusterSource } from "../sources/cluster.ts";
import { FolderSource } from "../sources/folder.ts";
import type { ImageSource, WantedImages } from "../sources/image-source.ts";
import type { CommandLine } from "./command.ts";

/** The flags that say where images come from. */
export const IMAGE_FLAGS = ["images", "kubeconfig", "max-images"] as const;
export type ImageFlags = FlagValues<(typeof IMAGE_FLAGS)[number]>;

const ALL: WantedImages = { kinds: IMAGE_KINDS };

/** Where a command gets its images from: a folder if one is given, else the cluster. */
export function imageSource({ images, kubeconfig }: ImageFlags, io: CommandLine, log: Logger): ImageSource {
  if (images !== undefined && images !== "") return new FolderSource({ directory: images, log });
  return new ClusterSource({
    credentials: kubeconfigCredentials({ file: kubeconfig, environment: io.environment }),
    log,
  });
}

/** The images as they are now, for a command that ends. */
export async function readImages(
  flags: ImageFlags,
  io: CommandLine,
  log: Logger,
  wanted: WantedImages = ALL,
): Promise<MemoryImageIndex> {
  const index = new MemoryImageIndex({ mostImages: flags["max-images"] });
  await imageSource(flags, io, log).read(index, wanted, io.stop);
  return index;
}
