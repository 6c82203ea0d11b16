import type { Logger } from "pino";
import { Failure } from "../failure.ts";
import { MemoryImageIndex } from "../images/image-index.ts";
import { FolderSource } from "../sources/folder.ts";
import type { ImageSource } from "../sources/image-source.ts";

/** Where a command gets its images from. */
export function imageSource(images: string | undefined, log: Logger): ImageSource {
  if (images !== undefined && images !== "") return new FolderSource({ directory: images, log });
  throw new Failure("usage", "--images: give a folder of image manifests, such as examples/images");
}

/** The images as they are now, for a command that ends. */
export async function readImages(images: string | undefined, log: Logger): Promise<MemoryImageIndex> {
  const index = new MemoryImageIndex();
  await imageSource(images, log).start(index, AbortSignal.abort());
  return index;
}
