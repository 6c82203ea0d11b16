import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { Logger } from "pino";
import { Failure, messageOf } from "../../common/failure.ts";
import { type Image, IMAGE_KINDS, type ImageKind, isClusterScopedVmImage, isVmImageKind } from "../../images/image.ts";
import type { ImageIndexWriter } from "../../images/image-index.ts";
import { type ImageFile, readImageFile } from "./image-file.ts";
import type { ImageSource, KindFacts, SourceState } from "../image-source.ts";
import { manifestFiles } from "./manifest-files.ts";

/** Milliseconds between two looks at the folder: polling sees changes on every file system, mounted ones too. */
const POLL_INTERVAL = 1_000;

/** What /readyz calls it. */
const STATE_NAME = "images";

interface ReadFile {
  /** Changes whenever the content may have. */
  readonly signature: string;
  readonly content: ImageFile;
}

type ImagesByKind = ReadonlyMap<ImageKind, readonly Image[]>;

export interface FolderOptions {
  readonly directory: string;
  readonly log: Logger;
  /** Milliseconds. */
  readonly pollInterval?: number;
}

/** Image manifests in a folder, read whole at the start and whenever a file changes; the last good set stays. */
export class FolderSource implements ImageSource {
  readonly follows = IMAGE_KINDS;
  readonly #directory: string;
  readonly #log: Logger;
  readonly #pollInterval: number;
  #files: ReadonlyMap<string, ReadFile> = new Map();
  #state: SourceState;
  /** Why the last look failed. */
  #problem: string | undefined;
  /** When the folder was last seen to be what the index has. */
  #lastProofAt: Date | undefined;
  #reads = 0;

  constructor({ directory, log, pollInterval = POLL_INTERVAL }: FolderOptions) {
    this.#directory = directory;
    this.#log = log;
    this.#pollInterval = pollInterval;
    this.#state = { name: STATE_NAME, synced: false, text: `${directory} not read yet` };
  }

  async start(to: ImageIndexWriter, signal: AbortSignal): Promise<void> {
    await this.#look(to);
    this.#follow(to, signal);
  }

  /** All there are, whatever is wanted: a folder is read whole. */
  read(to: ImageIndexWriter): Promise<void> {
    return this.#look(to);
  }

  state(): readonly SourceState[] {
    return [this.#state];
  }

  /** A folder is live while it can be read, stale while its last good set answers. */
  kinds(): readonly KindFacts[] {
    const good = this.#problem === undefined ? "live" : "stale";
    const state = this.#state.synced ? good : "starting";
    const relists = Math.max(0, this.#reads - 1);
    const facts = {
      state,
      lastProofAt: this.#lastProofAt,
      relists,
      watchRestarts: 0,
      badLines: 0,
      badObjects: 0,
    } as const;
    return IMAGE_KINDS.map((kind) => ({ kind, ...facts }));
  }

  #follow(to: ImageIndexWriter, signal: AbortSignal): void {
    if (signal.aborted) return;
    const again = async (): Promise<void> => {
      try {
        await this.#look(to);
      } catch (error) {
        this.#keepLastGoodSet(messageOf(error));
      }
      if (!signal.aborted) timer = setTimeout(() => void again(), this.#pollInterval);
    };
    let timer = setTimeout(() => void again(), this.#pollInterval);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
    });
  }

  /** Reads what changed and swaps the whole set in; throws a Failure over the first thing that is wrong. */
  async #look(to: ImageIndexWriter): Promise<void> {
    const signatures = await manifestFiles(this.#directory);
    const isUnchanged =
      this.#state.synced &&
      this.#problem === undefined &&
      signatures.size === this.#files.size &&
      [...signatures].every(([path, signature]) => this.#files.get(path)?.signature === signature);
    if (isUnchanged) {
      this.#lastProofAt = new Date();
      return;
    }
    this.#files = await this.#readFiles(signatures);
    const images = this.#imagesByKind();
    for (const [kind, ofKind] of images) {
      const relist = to.relist(kind);
      relist.add(ofKind);
      relist.replace();
    }
    this.#lastProofAt = new Date();
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
    this.#state = { name: STATE_NAME, synced: true, text };
    this.#problem = undefined;
    const fields = { directory: this.#directory, files: this.#files.size, images: total, skipped };
    if (total === 0) this.#log.warn(fields, "the folder has no image manifest, so every name will be refused");
    else this.#log.info(fields, "images read");
  }

  #keepLastGoodSet(why: string): void {
    if (this.#problem === why) return;
    this.#problem = why;
    this.#state = { name: STATE_NAME, synced: true, text: `the last good set stays: ${why}` };
    this.#log.warn({ directory: this.#directory, why }, "images changed and cannot be read; the last good set stays");
  }

  async #readFiles(signatures: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, ReadFile>> {
    const files = new Map<string, ReadFile>();
    for (const [path, signature] of signatures) {
      const known = this.#files.get(path);
      files.set(path, known?.signature === signature ? known : { signature, content: await this.#readFile(path) });
    }
    return files;
  }

  async #readFile(path: string): Promise<ImageFile> {
    const content = readImageFile(await readText(path), extname(path));
    const [first, ...others] = content.problems;
    if (first === undefined) return content;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    throw new Failure("images", `${place(path, first.line)}: ${first.why}${more}`);
  }

  /** All images; one that is there twice is an error, because either could count. */
  #imagesByKind(): ImagesByKind {
    const byKind = new Map<ImageKind, Image[]>(IMAGE_KINDS.map((kind) => [kind, []]));
    const places = new Map<string, string>();
    /** Of VirtualMachineImages: one of the cluster, and one of a namespace. */
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

/** No cluster serves both, and the index would hide the images of the cluster from each namespace that has its own. */
function throwIfBothScopes(ofCluster: string | undefined, ofNamespace: string | undefined): void {
  if (ofCluster === undefined || ofNamespace === undefined) return;
  const why = `a stored VirtualMachineImage without a namespace is of the cluster, but that in ${ofNamespace} is of a namespace`;
  throw new Failure("images", `${ofCluster}: ${why}`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Failure("images", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function place(path: string, line: number): string {
  return `${path}:${line}`;
}
