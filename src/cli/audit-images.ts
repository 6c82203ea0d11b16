import type { UnreadKind } from "../audit/report.ts";
import { Failure } from "../common/failure.ts";
import { SYSTEM_TIMING } from "../common/timing.ts";
import { decodeImage } from "../images/decode/decode-image.ts";
import { type Image, IMAGE_KIND_ROWS, IMAGE_KINDS, type ImageKind, VM_IMAGE_KINDS } from "../images/image.ts";
import { MemoryImageIndex } from "../images/image-index.ts";
import { ClusterSource } from "../sources/cluster/cluster-source.ts";
import { canList } from "./audit-cluster.ts";
import { clusterCredentials } from "./cluster-flags.ts";
import type { CommandLine } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { type ImageFlags, isFolder, readImages } from "./image-flags.ts";
import { createLog } from "./log.ts";
import type { Manifest } from "./manifest.ts";

export interface AuditImages {
  readonly index: MemoryImageIndex;
  /** Kinds of image that the caller may not list. */
  readonly unread: readonly UnreadKind[];
}

type AuditImageFlags = ImageFlags & FlagValues<"osimage" | "namespace">;

/** Images of `--images` and of the given files together; where there are neither, those of the cluster. */
export async function auditImages(
  flags: AuditImageFlags,
  io: CommandLine,
  manifests: readonly Manifest[],
): Promise<AuditImages> {
  const given = manifests.flatMap(imagesIn);
  if (!isFolder(flags.images) && given.length === 0) return clusterImages(flags, io);
  const index = isFolder(flags.images)
    ? await readImages(flags, io, createLog(io.log, "warn"), { kinds: IMAGE_KINDS })
    : new MemoryImageIndex({ maxImages: flags["max-images"] });
  for (const kind of isFolder(flags.images) ? [] : IMAGE_KINDS) index.relist(kind).replace();
  for (const image of given) {
    if (index.apply(image) === "overflow") {
      throw new Failure("images", `the files have more than ${flags["max-images"]} images; raise --max-images`);
    }
  }
  return { index, unread: [] };
}

/** The image that a manifest is. Throws a Failure `images` for one that no API server stores. */
function imagesIn({ file, object, positionOf }: Manifest): readonly Image[] {
  const decoded = decodeImage(object);
  if (decoded.is === "malformed") {
    throw new Failure("images", `${file}:${positionOf(decoded.field).line}: ${decoded.field} ${decoded.why}`);
  }
  return decoded.is === "image" ? [decoded.image] : [];
}

/** Goes on without a kind that the caller may not list. Throws a Failure `cluster` for every other error. */
async function clusterImages(flags: AuditImageFlags, io: CommandLine): Promise<AuditImages> {
  const log = createLog(io.log, "error");
  const kinds: readonly ImageKind[] = flags.osimage ? IMAGE_KINDS : VM_IMAGE_KINDS;
  const index = new MemoryImageIndex({ maxImages: flags["max-images"] });
  const credentials = clusterCredentials(flags, io, log);
  const source = new ClusterSource({ credentials, log, timing: SYSTEM_TIMING, kinds });
  const { namespace } = flags;
  try {
    await io.withProgress("reading images of the cluster", () => source.read(index, { kinds, namespace }, io.stop));
  } catch (error) {
    const missing = source.kinds().filter(({ kind }) => !index.isSynced(kind));
    if (missing.length === 0 || missing.some(({ state }) => state !== "forbidden")) throw error;
    return { index, unread: missing.map(({ kind }) => unreadImages(kind, textOf(source, kind), namespace)) };
  }
  return { index, unread: [] };
}

/** What the last request for a kind came to. */
function textOf(source: ClusterSource, kind: ImageKind): string {
  return source.readiness().find(({ name }) => name === kind)?.text ?? "forbidden";
}

function unreadImages(kind: ImageKind, message: string, namespace: string | undefined): UnreadKind {
  const { groups, scope } = IMAGE_KIND_ROWS[kind];
  const resource = `${kind.toLowerCase()}s.${groups[0] ?? ""}`;
  return {
    kind,
    why: "forbidden",
    message,
    command: canList(resource, scope === "Namespaced" ? namespace : undefined),
  };
}
