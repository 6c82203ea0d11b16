import { LRUCache } from "lru-cache";
import type { Timing } from "../../common/timing.ts";
import { type ImageKind, VMI_ID_PREFIX } from "../../images/image.ts";
import { type ImageIndexWriter, type ImageQuery, kindsSearched } from "../../images/image-index.ts";
import { ApiError } from "../../kube/api-error.ts";
import { type Deadline, withDeadline } from "../../kube/deadline.ts";
import type { ApiClient } from "../../kube/api-client.ts";
import { readObject } from "../../kube/response.ts";
import type { LiveReadCounts } from "../live-read-outcomes.ts";
import { type Resource, resourcePath } from "./discovery.ts";
import { decodeImageObject, type ImageObject, type ServedKind } from "./image-object.ts";
import { listPages } from "./list-pager.ts";
import { ReflectorError } from "./recovery.ts";
import { DEFAULT_LIMITS } from "./reflector-limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Milliseconds for which a read is reused while a watch brings newer changes. */
const REUSE_PERIOD = 1_000;
/** Milliseconds, for the list of all cluster images: it is long, and the misses of every namespace need it. */
const CLUSTER_REUSE_PERIOD = 5_000;
/**
 * Milliseconds that a watch may be behind, many times the measured value. A review that reuses a read waits this long:
 * the image may have been created after that read began.
 */
const WATCH_LAG = 100;
/** Remembered reads. Beyond it the oldest are forgotten, so that made-up names take no more memory. */
const MAX_REMEMBERED_READS = 1_000;
/** Reads at the same time. Each is a request to an API server that waits for this review. */
const MAX_CONCURRENT_READS = 8;
/** Reads per second of this process: a load that an API server hardly notices. */
const MAX_READ_RATE = 20;
/** Reads per second of one namespace, so that a loop in one does not take the reads of all others. */
const MAX_NAMESPACE_READ_RATE = 5;
/** Namespaces whose rate is remembered. */
const MAX_REMEMBERED_NAMESPACES = 1_000;

/** The result of a live read of one name. */
export type Confirmation =
  /** The index has all images of this name that the API server has. */
  | { readonly is: "read" }
  /** The limits allowed no read of these kinds. The index may still be current. */
  | { readonly is: "refused"; readonly kinds: readonly ImageKind[] }
  /** The API server did not answer as it should, or not in time. An image of this name may exist. */
  | { readonly is: "failed" };

const READ: Confirmation = { is: "read" };
const FAILED: Confirmation = { is: "failed" };

export interface LiveReadOptions {
  readonly client: ApiClient;
  readonly index: ImageIndexWriter;
  /** The resource that serves a kind now; undefined if its CRD is not installed. */
  readonly resourceOf: (kind: ImageKind) => Resource | undefined;
  /** Whether a watch keeps this kind current now. */
  readonly isCurrent: (kind: ImageKind) => boolean;
  readonly timing: Pick<Timing, "monotonic" | "delay">;
  /** Ends the waits for a watch. */
  readonly signal: AbortSignal;
}

interface Read {
  readonly startedAt: number;
  readonly outcome: Promise<void>;
  state: "inFlight" | "read" | "failed";
}

/** What one read asks for: one object, or all images of one scope. */
interface Target {
  readonly kind: ImageKind;
  readonly resource: Resource;
  /** Undefined for the cluster. */
  readonly namespace: string | undefined;
  /** Undefined for all images of the scope. */
  readonly name: string | undefined;
}

/**
 * Asks the API server for a name before a review refuses it: the watch may not have brought an image that was created a
 * moment ago. Images that are found go into the index, ordered by resourceVersion as all changes are. An image that is
 * not found is not deleted from the index.
 */
export class LiveRead {
  readonly #options: LiveReadOptions;
  readonly #reads = new LRUCache<string, Read>({ max: MAX_REMEMBERED_READS });
  #inFlight = 0;
  readonly #bucket: TokenBucket;
  readonly #shares = new LRUCache<string, TokenBucket>({ max: MAX_REMEMBERED_NAMESPACES });
  readonly #counts = { read: 0, joined: 0, refused: 0, failed: 0 };

  constructor(options: LiveReadOptions) {
    this.#options = options;
    const { timing } = options;
    this.#bucket = new TokenBucket({ rate: MAX_READ_RATE, burst: MAX_READ_RATE, timing });
  }

  get counts(): LiveReadCounts {
    return this.#counts;
  }

  /**
   * Reads the images of this name into the index, within a budget of milliseconds. If one kind failed and another was
   * refused, the result is `failed`. No error of the API server rejects it.
   */
  async confirm(query: ImageQuery, budget: number): Promise<Confirmation> {
    const refused: ImageKind[] = [];
    const read = async (target: Target): Promise<void> => {
      if ((await this.#read(target, query, budget)) === "refused") refused.push(target.kind);
    };
    try {
      await Promise.all(this.#targetsOf(query).map(read));
    } catch (error) {
      if (error instanceof ApiError || error instanceof ReflectorError) return FAILED;
      throw error;
    }
    return refused.length === 0 ? READ : { is: "refused", kinds: refused };
  }

  /**
   * A VMI ID is the object name of one image in each scope. Any other name may be a display name, which only a list
   * finds. A kind whose CRD is not installed has nothing to read.
   */
  #targetsOf({ namespace, name, kind }: ImageQuery): readonly Target[] {
    const objectName = name.startsWith(VMI_ID_PREFIX) ? name : undefined;
    return kindsSearched({ kind }).flatMap((each) => {
      const resource = this.#options.resourceOf(each);
      if (resource === undefined) return [];
      const scope = resource.namespaced ? namespace : undefined;
      return { kind: each, resource, namespace: scope, name: objectName };
    });
  }

  /**
   * Reuses a read that is in flight or recent, or else starts one. Throws an ApiError or ReflectorError if the read
   * failed.
   */
  async #read(target: Target, { namespace }: ImageQuery, budget: number): Promise<"read" | "refused"> {
    const key = [target.kind, target.namespace, target.name].join(" ");
    const known = this.#reads.get(key);
    if (known !== undefined && this.#mayReuse(known, target)) {
      this.#counts.joined++;
      await Promise.all([
        withDeadline(deadlineOf(budget), () => known.outcome),
        this.#letWatchCatchUp(target.kind, budget),
      ]);
      return "read";
    }
    if (this.#takeRead(namespace)) {
      await this.#start(key, target, budget);
      return "read";
    }
    this.#counts.refused++;
    await this.#letWatchCatchUp(target.kind, budget);
    return "refused";
  }

  /** A read that failed is reused for the shorter period: the API server may answer again a second later. */
  #mayReuse({ state, startedAt }: Read, { kind, namespace, name }: Target): boolean {
    if (state === "inFlight") return true;
    const isClusterList = namespace === undefined && name === undefined;
    const period = isClusterList && state === "read" ? CLUSTER_REUSE_PERIOD : REUSE_PERIOD;
    return this.#options.isCurrent(kind) && this.#options.timing.monotonic() - startedAt < period;
  }

  /** This wait is not part of a read's deadline: a budget that is shorter than the wait does not make a read fail. */
  async #letWatchCatchUp(kind: ImageKind, budget: number): Promise<void> {
    const { isCurrent, timing, signal } = this.#options;
    if (isCurrent(kind)) await timing.delay(Math.min(WATCH_LAG, budget), signal);
  }

  /** The read has its own deadline, and no caller can abort it: others may wait for it, too. */
  #start(key: string, target: Target, budget: number): Promise<void> {
    this.#inFlight++;
    const outcome = withDeadline(deadlineOf(budget), (signal) => this.#fetch(target, budget, signal));
    const read: Read = { startedAt: this.#options.timing.monotonic(), outcome, state: "inFlight" };
    this.#reads.set(key, read);
    const end = (state: "read" | "failed") => (): void => {
      this.#inFlight--;
      read.state = state;
      this.#counts[state]++;
    };
    outcome.then(end("read"), end("failed"));
    return outcome;
  }

  /** Takes one read from the limits; false if none is left. */
  #takeRead(namespace = ""): boolean {
    if (this.#inFlight >= MAX_CONCURRENT_READS) return false;
    const { timing } = this.#options;
    const rate = MAX_NAMESPACE_READ_RATE;
    const share = this.#shares.get(namespace) ?? new TokenBucket({ rate, burst: rate, timing });
    this.#shares.set(namespace, share);
    return share.take() && this.#bucket.take();
  }

  async #fetch(target: Target, budget: number, signal: AbortSignal): Promise<void> {
    const { kind, resource } = target;
    const served = { kind, namespaced: resource.namespaced };
    const path = pathOf(target);
    if (target.name !== undefined) return this.#fetchOne(served, path, signal);
    const options = { ...served, path, pageSize: DEFAULT_LIMITS.pageSize, pageDeadline: budget };
    for await (const { objects } of listPages(this.#options.client, options, signal)) {
      for (const object of objects) this.#apply(object);
    }
  }

  async #fetchOne(served: ServedKind, path: string, signal: AbortSignal): Promise<void> {
    const object = await readObject(await this.#options.client.get(path, signal));
    // An object that is not found is not deleted from the index: the watch does that.
    if (object !== undefined) this.#apply(decodeImageObject(object, served));
  }

  #apply(read: ImageObject): void {
    if (read.is === "otherScope") throw new ReflectorError("scopeChanged", read.why);
    if (read.is !== "image") return;
    const applied = this.#options.index.apply(read.image);
    if (applied === "overflow")
      throw new ReflectorError("overflow", "the index has no room for the images that were read");
  }
}

/** Only its deadline ends a read. */
const NEVER = new AbortController().signal;

function deadlineOf(budget: number): Deadline {
  return { what: "a live read", milliseconds: budget, signal: NEVER };
}

function pathOf({ resource, namespace, name }: Target): string {
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return resourcePath(resource, namespace) + object;
}
