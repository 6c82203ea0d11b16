import { LRUCache } from "lru-cache";
import { type ImageKind, VMI_ID_PREFIX } from "../../images/image.ts";
import { type ImageIndexWriter, type ImageQuery, kindsSearched } from "../../images/image-index.ts";
import { type Deadline, within } from "../../kube/deadline.ts";
import { type Resource, resourcePath } from "./discovery.ts";
import { imageObject, type ImageObject, type ServedKind } from "./image-object.ts";
import { listPages } from "./list-pager.ts";
import { DEFAULT_LIMITS } from "./reflector-limits.ts";
import { type ApiClient, readObject } from "../../kube/response.ts";
import { TokenBucket } from "./token-bucket.ts";
import { Trouble } from "../../kube/trouble.ts";

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
  joined: "a read that was under way, or over a moment ago, was used, whether it answered or failed",
  refused: "no read was left for now: an index that is live or absent decides, any other gives 503",
  failed: "the API server did not answer as it should, or not in time: 503, whatever the index says",
} as const;
export type LiveReadCounts = Readonly<Record<keyof typeof LIVE_READ_OUTCOMES, number>>;

/** What is known about a name after a look at the API server. */
export type Confirmation =
  /** The index has all that the API server has for this name. */
  | { readonly is: "read" }
  /** No read was left for these kinds: what the index says of them may be current. */
  | { readonly is: "refused"; readonly kinds: readonly ImageKind[] }
  /** The API server did not answer as it should, or not in time: an image of this name may exist. */
  | { readonly is: "failed" };

const READ: Confirmation = { is: "read" };
const FAILED: Confirmation = { is: "failed" };

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
  state: "underway" | "read" | "failed";
}

/** What one read looks at: a single object, or all images of one scope. */
interface Target {
  readonly kind: ImageKind;
  readonly resource: Resource;
  /** "" for the cluster. */
  readonly namespace: string;
  /** "" for all. */
  readonly name: string;
}

/**
 * Before a name is refused, a look at the API server itself: an image created a moment ago may not have come by the
 * watch yet. What is found goes into the index, ordered by resourceVersion like everything else; what is not found
 * deletes nothing.
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
   * Brings into the index what the API server has for this name, within the budget (milliseconds). A read that failed
   * counts for more than one that was refused. Never rejects because of the API server.
   */
  async confirm(query: ImageQuery, budget: number): Promise<Confirmation> {
    const refused: ImageKind[] = [];
    const read = async (target: Target): Promise<void> => {
      if ((await this.#read(target, query, budget)) === "refused") refused.push(target.kind);
    };
    try {
      await Promise.all(this.#targetsOf(query).map(read));
    } catch (error) {
      if (error instanceof Trouble) return FAILED;
      throw error;
    }
    return refused.length === 0 ? READ : { is: "refused", kinds: refused };
  }

  /**
   * A VMI ID is one object in each scope; any other name may be anything's display name. A kind whose CRD is not installed
   * has nothing to read.
   */
  #targetsOf({ namespace = "", name, kind }: ImageQuery): readonly Target[] {
    const objectName = name.startsWith(VMI_ID_PREFIX) ? name : "";
    return kindsSearched({ kind }).flatMap((each) => {
      const resource = this.#options.resourceOf(each);
      if (resource === undefined) return [];
      return { kind: each, resource, namespace: resource.namespaced ? namespace : "", name: objectName };
    });
  }

  /** Joins a read that is under way, or was over a moment ago, or else begins one. A Trouble where the read failed. */
  async #read(target: Target, { namespace = "" }: ImageQuery, budget: number): Promise<"read" | "refused"> {
    const key = `${target.kind} ${target.namespace} ${target.name}`;
    const known = this.#reads.get(key);
    if (known !== undefined && this.#mayJoin(known, target)) {
      this.#counts.joined++;
      await Promise.all([within(deadlineOf(budget), () => known.outcome), this.#letWatchCatchUp(target.kind, budget)]);
      return "read";
    }
    if (this.#mayRead(namespace)) {
      await this.#begin(key, target, budget);
      return "read";
    }
    this.#counts.refused++;
    await this.#letWatchCatchUp(target.kind, budget);
    return "refused";
  }

  /** A read that failed is joined for a shorter time: the API server may answer again a second later. */
  #mayJoin({ state, startedAt }: Read, { kind, namespace, name }: Target): boolean {
    if (state === "underway") return true;
    const isOfClusterImages = namespace === "" && name === "";
    const freshFor = isOfClusterImages && state === "read" ? CLUSTER_FRESH : FRESH;
    return this.#options.isCurrent(kind) && this.#options.now() - startedAt < freshFor;
  }

  /** Waits apart from the deadline of a read: a budget shorter than this wait makes no read fail. */
  async #letWatchCatchUp(kind: ImageKind, budget: number): Promise<void> {
    if (this.#options.isCurrent(kind)) await this.#options.delay(Math.min(WATCH_LAG, budget));
  }

  /** With a deadline of its own, for others may wait for it, too. */
  #begin(key: string, target: Target, budget: number): Promise<void> {
    this.#underway++;
    const outcome = within(deadlineOf(budget), (signal) => this.#fetch(target, budget, signal));
    const read: Read = { startedAt: this.#options.now(), outcome, state: "underway" };
    this.#reads.set(key, read);
    const end = (state: "read" | "failed") => (): void => {
      this.#underway--;
      read.state = state;
      this.#counts[state]++;
    };
    outcome.then(end("read"), end("failed"));
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
    const { kind, resource } = target;
    const served = { kind, namespaced: resource.namespaced };
    const path = pathOf(target);
    if (target.name !== "") return this.#fetchOne(served, path, signal);
    const options = { ...served, path, pageSize: DEFAULT_LIMITS.pageSize, pageDeadline: budget };
    for await (const { objects } of listPages(this.#options.client, options, signal)) {
      for (const object of objects) this.#apply(object);
    }
  }

  async #fetchOne(served: ServedKind, path: string, signal: AbortSignal): Promise<void> {
    const object = await readObject(await this.#options.client.get(path, signal));
    // Not there: that answers this review, and deletes nothing.
    if (object !== undefined) this.#apply(imageObject(object, served));
  }

  #apply(read: ImageObject): void {
    if (read.is === "otherScope") throw new Trouble("gone", read.why);
    if (read.is !== "image") return;
    const applied = this.#options.index.apply(read.image);
    if (applied === "overflow") throw new Trouble("overflow", "there is no room for what was read");
  }
}

/** A read is ended by its deadline only: others may wait for the same one. */
const NEVER = new AbortController().signal;

function deadlineOf(budget: number): Deadline {
  return { what: "a live read", milliseconds: budget, signal: NEVER };
}

function pathOf({ resource, namespace, name }: Target): string {
  const object = name === "" ? "" : `/${encodeURIComponent(name)}`;
  return resourcePath(resource, namespace) + object;
}
