import { Failure } from "../common/failure.ts";
import { textAt } from "../common/json.ts";
import { decodeImage } from "../images/decode/decode-image.ts";
import { type Image, IMAGE_KINDS } from "../images/image.ts";
import { MemoryImageIndex } from "../images/image-index.ts";
import type { FunctionConfig } from "../pin/function-config.ts";
import type { ImageFilter } from "../sources/image-source.ts";
import type { CommandLine } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { isFolder, readImages } from "./image-flags.ts";
import { createLog } from "./log.ts";

export type FunctionFlags = FlagValues<"images" | "max-images" | "log-format">;

export interface FunctionInput {
  readonly config: FunctionConfig;
  /** The items of the ResourceList. */
  readonly items: readonly unknown[];
  /** Which images of `--images` are wanted. */
  readonly wanted: ImageFilter;
}

const LOCAL_CONFIG = "config.kubernetes.io/local-config";

/**
 * The images of functionConfig and of the list together; without any, those of `--images`. Throws a Failure `images` where
 * none of these has images, one is malformed, or one occurs twice.
 */
export async function functionImages(
  { config, items, wanted }: FunctionInput,
  flags: FunctionFlags,
  io: CommandLine,
): Promise<MemoryImageIndex> {
  const inList = items.flatMap((item, position) => {
    const isLocal = textAt(item, ["metadata", "annotations", LOCAL_CONFIG]) === "true";
    return isLocal && decodeImage(item).is !== "otherKind" ? [{ item, field: `items[${position}]` }] : [];
  });
  const inConfig = config.images.map((item, position) => ({ item, field: `functionConfig.spec.images[${position}]` }));
  const given = [...inConfig, ...inList];
  if (given.length > 0) return indexOf(given, flags["max-images"]);
  if (!isFolder(flags.images)) throw new Failure("images", NO_IMAGES);
  return readImages({ ...flags, kubeconfig: undefined, context: undefined }, io, createLog(io.log, "warn"), wanted);
}

const NO_IMAGES =
  `no images are given: write them to functionConfig.spec.images, add image objects with the annotation ${LOCAL_CONFIG}: "true" ` +
  "to the list, or use --images DIR";

interface GivenImage {
  readonly item: unknown;
  readonly field: string;
}

function indexOf(given: readonly GivenImage[], maxImages: number): MemoryImageIndex {
  const fields = new Map<string, string>();
  const images = given.map(({ item, field }): Image => {
    const decoded = decodeImage(item);
    if (decoded.is === "otherKind") {
      throw new Failure("images", `${field} is no image: it must be one of ${IMAGE_KINDS.join(", ")}`);
    }
    if (decoded.is === "malformed") throw new Failure("images", `${field}.${decoded.field} ${decoded.why}`);
    const { kind, namespace, name } = decoded.image;
    const key = [kind, namespace, name].filter((part) => part !== undefined).join(" ");
    const earlier = fields.get(key);
    if (earlier !== undefined) throw new Failure("images", `${field}: ${key} is in ${earlier} already; remove one`);
    fields.set(key, field);
    return decoded.image;
  });
  const index = new MemoryImageIndex({ maxImages });
  for (const kind of IMAGE_KINDS) {
    const relist = index.relist(kind);
    if (relist.add(images.filter((image) => image.kind === kind)) === "overflow") {
      throw new Failure("images", `there are more images than --max-images ${maxImages}; raise it`);
    }
    relist.replace();
  }
  return index;
}
