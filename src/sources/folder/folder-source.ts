import { extname } from "node:path";
import type { Logger } from "pino";
import { Failure, messageOf } from "../../common/failure.ts";
import type { ReadinessCheck } from "../../common/readiness.ts";
import type { Timing } from "../../common/timing.ts";
import { type ManifestFile, manifestFiles } from "../../files/manifest-files.ts";
import { readText } from "../../files/text-file.ts";
import { type Image, IMAGE_KINDS, type ImageKind, isClusterScopedVmImage, isVmImageKind } from "../../images/image.ts";
import type { ImageIndexWriter } from "../../images/image-index.ts";
import type { ImageFilter, ImageSource } from "../image-source.ts";
import type { KindStatus } from "../kind-status.ts";
import { type ImageFile, readImageFile } from "./image-file.ts";

/** Milliseconds between two polls of the folder. Polling sees changes on every file system, including mounted ones. */
const POLL_INTERVAL = 1_000;
/** JSON of 100,000 images fits. A text needs several times its size in memory. */
const MAX_FILE_BYTES = 400 * 2 ** 20;

/** Name of this source's check in /readyz. */
const CHECK_NAME = "images";

interface ReadFile {
  /** Changes whenever the content may have changed. */
  readonly signature: string;
  readonly content: ImageFile;
}

type ImagesByKind = ReadonlyMap<ImageKind, readonly Image[]>;

export interface FolderSourceOptions {
  readonly directory: string;
  readonly log: Logger;
  readonly timing: Timing;
  /** Milliseconds. */
  readonly pollInterval?: number;
}

/**
 * The images of manifests in a folder. A poll that finds a change reads the folder; the last good set stays after an
 * error.
 */
export class FolderSource implements ImageSource {
  readonly watches = IMAGE_KINDS;
  readonly #directory: string;
  readonly #log: Logger;
  readonly #timing: Timing;
  readonly #pollInterval: number;
  #files: ReadonlyMap<string, ReadFile> = new Map();
  #readiness: ReadinessCheck;
  /** Why the last poll failed. */
  #problem: string | undefined;
  /** When the folder was last seen to equal the index. */
  #lastProofAt: Date | undefined;
  #reads = 0;

  constructor({ directory, log, timing, pollInterval = POLL_INTERVAL }: FolderSourceOptions) {
    this.#directory = directory;
    this.#log = log;
    this.#timing = timing;
    this.#pollInterval = pollInterval;
    this.#readiness = { name: CHECK_NAME, status: "failed", text: `${directory} not read yet` };
  }

  async start(to: ImageIndexWriter, signal: AbortSignal): Promise<void> {
    await this.#poll(to);
    void this.#pollUntilAborted(to, signal);
  }

  /** Reads the whole folder, whatever the filter. */
  read(to: ImageIndexWriter, _filter: ImageFilter, signal: AbortSignal): Promise<void> {
    return this.#poll(to, signal);
  }

  readiness(): readonly ReadinessCheck[] {
    return [this.#readiness];
  }

  /** A folder is `live` while it can be read, and `stale` while only its last good set answers. */
  kinds(): readonly KindStatus[] {
    const good = this.#problem === undefined ? "live" : "stale";
    const state = this.#reads === 0 ? "starting" : good;
    const relists = Math.max(0, this.#reads - 1);
    const status = {
      state,
      lastProofAt: this.#lastProofAt,
      relists,
      watchRestarts: 0,
      badLines: 0,
      badObjects: 0,
    } as const;
    return IMAGE_KINDS.map((kind) => ({ kind, ...status }));
  }

  async #pollUntilAborted(to: ImageIndexWriter, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#timing.delay(this.#pollInterval, signal);
      if (signal.aborted) return;
      try {
        await this.#poll(to);
      } catch (error) {
        this.#keepLastGoodSet(messageOf(error));
      }
    }
  }

  /** Reads the changed files and replaces the whole set. Throws a Failure for the first error. */
  async #poll(to: ImageIndexWriter, signal?: AbortSignal): Promise<void> {
    const signatures = await this.#signatures(signal);
    const isUnchanged =
      this.#reads > 0 &&
      this.#problem === undefined &&
      signatures.size === this.#files.size &&
      [...signatures].every(([path, signature]) => this.#files.get(path)?.signature === signature);
    if (isUnchanged) {
      this.#lastProofAt = this.#timing.now();
      return;
    }
    this.#files = await this.#readFiles(signatures, signal);
    const images = this.#imagesByKind();
    for (const [kind, ofKind] of images) {
      const relist = to.relist(kind);
      relist.add(ofKind);
      relist.replace();
    }
    this.#lastProofAt = this.#timing.now();
    this.#reads++;
    this.#report(images);
  }

  #report(images: ImagesByKind): void {
    const counts = [...images]
      .filter(([kind, { length }]) => isVmImageKind(kind) || length > 0)
      .map(([kind, { length }]) => `${length} ${kind}${length === 1 ? "" : "s"}`)
      .join(", ");
    const text = `${counts} from ${this.#directory}`;
    const skipped = [...this.#files.values()].reduce((sum, { content }) => sum + content.skipped, 0);
    const total = [...images.values()].reduce((sum, { length }) => sum + length, 0);
    this.#readiness = { name: CHECK_NAME, status: "ok", text };
    this.#problem = undefined;
    const fields = { directory: this.#directory, files: this.#files.size, images: total, skipped };
    if (total === 0) this.#log.warn(fields, "the folder has no image manifest, so every name will be refused");
    else this.#log.info(fields, "images read");
  }

  #keepLastGoodSet(why: string): void {
    if (this.#problem === why) return;
    this.#problem = why;
    this.#readiness = { name: CHECK_NAME, status: "degraded", text: `the last good set stays: ${why}` };
    this.#log.warn({ directory: this.#directory, why }, "images changed and cannot be read; the last good set stays");
  }

  /** By path. A signature changes whenever the content of its file may have changed. */
  async #signatures(signal: AbortSignal | undefined): Promise<ReadonlyMap<string, string>> {
    const signatures = new Map<string, string>();
    try {
      for await (const { path, status } of manifestFiles(this.#directory, { dotNames: false, signal })) {
        signatures.set(path, signatureOf(status));
      }
    } catch (error) {
      const why = `cannot read the folder of images ${this.#directory}: ${messageOf(error)}`;
      throw new Failure("images", why, { cause: error });
    }
    return signatures;
  }

  async #readFiles(
    signatures: ReadonlyMap<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, ReadFile>> {
    const files = new Map<string, ReadFile>();
    for (const [path, signature] of signatures) {
      const known = this.#files.get(path);
      const content = known?.signature === signature ? known.content : await this.#readFile(path, signal);
      files.set(path, { signature, content });
    }
    return files;
  }

  async #readFile(path: string, signal: AbortSignal | undefined): Promise<ImageFile> {
    const content = readImageFile(await readImageText(path, signal), extname(path));
    const [first, ...others] = content.problems;
    if (first === undefined) return content;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    throw new Failure("images", `${place(path, first.line)}: ${first.why}${more}`);
  }

  /** The images of all files. An image that occurs twice is an error: neither is preferred. */
  #imagesByKind(): ImagesByKind {
    const byKind = new Map<ImageKind, Image[]>(IMAGE_KINDS.map((kind) => [kind, []]));
    const places = new Map<string, string>();
    /** One place of a VirtualMachineImage of the cluster (key true), and one of a namespace (key false). */
    const scopes = new Map<boolean, string>();
    for (const [path, { content }] of this.#files) {
      for (const { image, line } of content.images) {
        const key = [image.kind, image.namespace, image.name].filter((part) => part !== undefined).join(" ");
        const here = place(path, line);
        const earlier = places.get(key);
        if (earlier !== undefined) throw new Failure("images", `${here}: ${key} is in ${earlier} already`);
        places.set(key, here);
        if (image.kind === "VirtualMachineImage") scopes.set(isClusterScopedVmImage(image), here);
        byKind.get(image.kind)?.push(image);
      }
    }
    throwIfBothScopes(scopes.get(true), scopes.get(false));
    return byKind;
  }
}

/**
 * No cluster serves both scopes. In the index, a namespace that has its own images would not see those of the cluster.
 */
function throwIfBothScopes(ofCluster: string | undefined, ofNamespace: string | undefined): void {
  if (ofCluster === undefined || ofNamespace === undefined) return;
  const why = `a stored VirtualMachineImage without a namespace is of the cluster, but that in ${ofNamespace} is of a namespace`;
  throw new Failure("images", `${ofCluster}: ${why}`);
}

function signatureOf({ ino, size, mtimeNs }: ManifestFile["status"]): string {
  return `${ino} ${size} ${mtimeNs}`;
}

async function readImageText(path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await readText(path, { maxBytes: MAX_FILE_BYTES, signal });
  } catch (error) {
    throw new Failure("images", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function place(path: string, line: number): string {
  return `${path}:${line}`;
}
