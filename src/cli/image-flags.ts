import type { Logger } from "pino";
import type { FlagValues } from "./flags.ts";
import { type ImageKind, VM_IMAGE_KINDS } from "../images/image.ts";
import { MemoryImageIndex } from "../images/image-index.ts";
import { SYSTEM_TIMING } from "../common/timing.ts";
import { ClusterSource } from "../sources/cluster/cluster-source.ts";
import { FolderSource } from "../sources/folder/folder-source.ts";
import type { ImageSource, ImageFilter } from "../sources/image-source.ts";
import { CLUSTER_FLAGS, clusterCredentials, type ClusterFlags } from "./cluster-flags.ts";
import type { CommandLine } from "./command.ts";

/** The flags of every command that reads images. Reading logs what is wrong with them. */
export const IMAGE_FLAGS = ["images", ...CLUSTER_FLAGS, "max-images", "log-format"] as const;
export type ImageFlags = FlagValues<(typeof IMAGE_FLAGS)[number]>;

interface SourceOptions {
  readonly io: CommandLine;
  readonly log: Logger;
  /** The kinds to read from a cluster. */
  readonly kinds?: readonly ImageKind[];
}

/** The folder of `--images` if there is one, else the cluster. */
export function imageSource(
  { images, ...cluster }: Pick<ImageFlags, "images"> & ClusterFlags,
  { io, log, kinds = VM_IMAGE_KINDS }: SourceOptions,
): ImageSource {
  if (isFolder(images)) return new FolderSource({ directory: images, log, timing: SYSTEM_TIMING });
  return new ClusterSource({
    credentials: clusterCredentials(cluster, io, log),
    log,
    timing: SYSTEM_TIMING,
    kinds,
  });
}

/** Whether `--images` names a folder. Where it is absent or empty, images come from a cluster. */
export function isFolder(images: string | undefined): images is string {
  return images !== undefined && images !== "";
}

/** Reads the images once, for a command that does not watch them. */
export async function readImages(
  flags: ImageFlags,
  io: CommandLine,
  log: Logger,
  wanted: ImageFilter,
): Promise<MemoryImageIndex> {
  const index = new MemoryImageIndex({ maxImages: flags["max-images"] });
  const source = imageSource(flags, { io, log });
  await io.withProgress(isFolder(flags.images) ? `reading ${flags.images}` : "reading images of the cluster", () =>
    source.read(index, wanted, io.stop),
  );
  return index;
}
