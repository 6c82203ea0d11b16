import { LRUCache } from "lru-cache";
import { IMAGE_KIND_ROWS, type ImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { type ImageIndexWriter, type ImageQuery, kindsSearched } from "../images/image-index.ts";
import { within } from "./deadline.ts";
import { type Resource, resourcePath } from "./discovery.ts";
import { imageObject, type ImageObject } from "./image-object.ts";
import { listPages } from "./list-pager.ts";
import { DEFAULT_LIMITS } from "./reflector-limits.ts";
import { type ApiClient, readJson } from "./response.ts";
import { TokenBucket } from "./token-bucket.ts";
import { Trouble } from "./trouble.ts";

/** What was read a moment ago is not read again while the watch brings what is newer (milliseconds). */
const FRESH = 1_000;
/** The cluster images of all tenants are many, and each namespace's misses ask for them (milliseconds). */
const CLUSTER_FRESH = 5_000;
/**
 * Milliseconds that a watch may be behind, many times what was measured: who is answered by a read that began before it
 * was asked for waits for so long, so that what came to be since is there.
 */
const WATCH_LAG = 100;
/** Reads that are remembered; a flood of made-up names evicts itself. */
const MOST_REMEMBERED = 1_000;
/** Reads at the same time; each is a request of ours to an API server that is waiting for us. */
const MOST_AT_ONCE = 8;
/** Reads a second, at most, of this process: an API server hardly notices them. */
const READS_A_SECOND = 20;
/** Of these, what one namespace may have, so that a loop in one does not take them from all others. */
const READS_A_SECOND_OF_A_NAMESPACE = 5;
/** Namespaces whose share is remembered. */
const MOST_NAMESPACES = 1_000;

/** How a look at one kind's images ended; THE list of them. */
export const LIVE_READ_OUTCOMES = {
  read: "the API server answered",
  joined: "a read that was under way, or over a moment ago, answered",
  refused: "no read was left for now",
  failed: "the API server did not answer as it should, or not in time",
} as const;
export type LiveReadCounts = Readonly<Record<keyof typeof LIVE_READ_OUTCOMES, number>>;

export interface LiveReadOptions {
  readonly client: ApiClient;
  readonly index: ImageIndexWriter;
  /** Where a kind is served now; undefined where its CRD is not installed, so that there is nothing to read. */
  readonly resourceOf: (kind: ImageKind) => Resource | undefined;
  /** Whether a watch brings the news of this kind now. */
  readonly isCurrent: (kind: ImageKind) => boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly delay: (milliseconds: number) => Promise<void>;
}

interface Read {
  readonly startedAt: number;
  readonly outcome: Promise<void>;
  isOver: boolean;
}

/** What one read looks at: a single object, or all images of one scope. */
interface Target {
  readonly kind: ImageKind;
  /** "" for the cluster. */
  readonly namespace: string;
  /** "" for all. */
  readonly name: string;
}

/**
 * Before a name is refused, a look at the API server itself: an image created a moment ago may not have come by the
 * watch yet. What is found goes into the index, ordered by resourceVersion like everything else; what is not found is
 * nobody's deletion.
 */
export class LiveRead {
  readonly #options: LiveReadOptions;
  readonly #reads = new LRUCache<string, Read>({ max: MOST_REMEMBERED });
  #underway = 0;
  readonly #bucket: TokenBucket;
  readonly #shares = new LRUCache<string, TokenBucket>({ max: MOST_NAMESPACES });
  readonly #counts = { read: 0, joined: 0, refused: 0, failed: 0 };

  constructor(options: LiveReadOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket({ rate: READS_A_SECOND, burst: READS_A_SECOND, now: options.now });
  }

  /** Since the start. */
  get counts(): LiveReadCounts {
    return this.#counts;
  }

  /**
   * Whether the index has now all that the API server has for this name. False, without an error, where that could
   * not be had within the budget (milliseconds) or its share.
   */
  async confirm(query: ImageQuery, budget: number): Promise<boolean> {
    const deadline = { what: "a live read", milliseconds: budget, signal: NEVER };
    try {
      await within(deadline, () => Promise.all(targetsOf(query).map((target) => this.#read(target, query, budget))));
      return true;
    } catch (error) {
      if (error instanceof Trouble) return false;
      throw error;
    }
  }

  /** Joins a read that is under way, or was over a moment ago, or else begins one. */
  async #read(target: Target, { namespace }: ImageQuery, budget: number): Promise<void> {
    const { isCurrent, delay } = this.#options;
    const key = `${target.kind} ${target.namespace} ${target.name}`;
    const read = this.#reads.get(key);
    const joined = read !== undefined && this.#isGood(read, target) ? read : undefined;
    if (joined === undefined && this.#mayRead(namespace)) return this.#begin(key, target, budget);
    this.#counts[joined === undefined ? "refused" : "joined"]++;
    if (isCurrent(target.kind)) await delay(WATCH_LAG);
    if (joined === undefined) throw new Trouble("busy", "no live read is left for now");
    return joined.outcome;
  }

  #isGood({ isOver, startedAt }: Read, { kind, namespace, name }: Target): boolean {
    const freshFor = namespace === "" && name === "" ? CLUSTER_FRESH : FRESH;
    return !isOver || (this.#options.isCurrent(kind) && this.#options.now() - startedAt < freshFor);
  }

  /** With a deadline of its own, for others may wait for it, too. */
  #begin(key: string, target: Target, budget: number): Promise<void> {
    const deadline = { what: "a live read", milliseconds: budget, signal: NEVER };
    this.#underway++;
    const outcome = within(deadline, (signal) => this.#fetch(target, budget, signal)).finally(() => {
      this.#underway--;
      read.isOver = true;
    });
    const read: Read = { startedAt: this.#options.now(), outcome, isOver: false };
    this.#reads.set(key, read);
    const count = (ended: "read" | "failed") => (): number => this.#counts[ended]++;
    outcome.then(count("read"), count("failed"));
    return outcome;
  }

  #mayRead(namespace: string): boolean {
    if (this.#underway >= MOST_AT_ONCE) return false;
    const { now } = this.#options;
    const rate = READS_A_SECOND_OF_A_NAMESPACE;
    const share = this.#shares.get(namespace) ?? new TokenBucket({ rate, burst: rate, now });
    this.#shares.set(namespace, share);
    return share.take() && this.#bucket.take();
  }

  async #fetch(target: Target, budget: number, signal: AbortSignal): Promise<void> {
    const resource = this.#options.resourceOf(target.kind);
    if (resource === undefined) return;
    const path = pathOf(target, resource);
    if (target.name !== "") return this.#fetchOne(target.kind, path, signal);
    const options = { kind: target.kind, path, pageSize: DEFAULT_LIMITS.pageSize, pageDeadline: budget };
    for await (const { objects } of listPages(this.#options.client, options, signal)) {
      for (const object of objects) this.#apply(object);
    }
  }

  async #fetchOne(kind: ImageKind, path: string, signal: AbortSignal): Promise<void> {
    try {
      this.#apply(imageObject(await readJson(await this.#options.client.get(path, signal)), kind));
    } catch (error) {
      // Not there: that answers this review, and deletes nothing.
      if (!(error instanceof Trouble) || error.code !== "gone") throw error;
    }
  }

  #apply(read: ImageObject): void {
    if (read.is !== "image") return;
    const applied = this.#options.index.apply(read.image);
    if (applied === "overflow") throw new Trouble("overflow", "there is no room for what was read");
  }
}

/** A read is ended by its deadline only: others may wait for the same one. */
const NEVER = new AbortController().signal;

/** A VMI ID is one object in each scope; any other name may be anything's display name. */
function targetsOf({ namespace, name, kind }: ImageQuery): readonly Target[] {
  const objectName = name.startsWith(VMI_ID_PREFIX) ? name : "";
  return kindsSearched({ kind }).map((each) => ({
    kind: each,
    namespace: IMAGE_KIND_ROWS[each].scope === "Namespaced" ? namespace : "",
    name: objectName,
  }));
}

function pathOf({ namespace, name }: Target, resource: Resource): string {
  const object = name === "" ? "" : `/${encodeURIComponent(name)}`;
  return resourcePath(resource, namespace) + object;
}
