import { MAX_LAG, MAX_RETRIES, MAX_REVIEW_BYTES, MAX_REVIEWS, RETRY_AFTER_SECONDS, SLOW_CLIENT } from "./limits.ts";
import { type Waiter, WaitingList } from "./waiting-list.ts";

const SECOND = 1_000;

export interface OverloadOptions {
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** How late the event loop is, in milliseconds. */
  readonly lag: () => number;
  readonly maxReviews?: number;
  readonly maxBytes?: number;
}

/** What the server waits for: a body that is `arriving`, or an answer that is `unsent`. */
export type Waiting = "arriving" | "unsent";

export interface IncomingReview {
  /** Length of the body in bytes, as announced. */
  readonly bytes: number;
  /** Ends the exchange early, because its client is slow and another review needs the room. */
  readonly evict: (waiting: Waiting) => void;
}

/** A review that was admitted; only Overload changes it. */
export interface InFlight extends Waiter<InFlight> {
  readonly is: "admitted";
  readonly review: IncomingReview;
  state: Waiting | "deciding" | "gone";
  /** Size of the body, then of the answer. */
  bytes: number;
  /** When the state began, by the clock of Overload. */
  since: number;
}

export interface Rejected {
  readonly is: "rejected";
  readonly because: string;
  /** Whether the answer asks for a retry. Until then the request keeps its place in the API server. */
  readonly mayRetry: boolean;
  /** Whether to log it: false where another rejection was logged within the last second. */
  readonly shouldLog: boolean;
}

/** Counts since the start, by their names in the log. */
export interface OverloadCounts {
  /** Rejected reviews. */
  rejected: number;
  /** Rejected reviews whose answer does not ask for a retry. */
  rejectedWithoutRetry: number;
  /** Evicted reviews. */
  evicted: number;
  /** Reviews whose client went away before it had its answer. */
  canceled: number;
}

/**
 * Limits the reviews under way and their bytes, and rejects new reviews while the event loop lags. A review beyond the
 * limits is rejected at once, so that the API server can ask another replica. A review whose answer is written no longer
 * counts as under way, but the bytes of the answer count until the client has them.
 */
export class Overload {
  readonly counts: OverloadCounts = { rejected: 0, rejectedWithoutRetry: 0, evicted: 0, canceled: 0 };
  readonly #options: Required<OverloadOptions>;
  /** Both oldest wait first. */
  readonly #waiting: Readonly<Record<Waiting, WaitingList<InFlight>>> = {
    arriving: new WaitingList(),
    unsent: new WaitingList(),
  };
  #reviews = 0;
  #bytes = 0;
  /** When clients were asked to retry, within the last RETRY_AFTER_SECONDS. */
  #retries: number[] = [];
  #lastLogged = -Infinity;

  constructor(options: OverloadOptions) {
    this.#options = { maxReviews: MAX_REVIEWS, maxBytes: MAX_REVIEW_BYTES, ...options };
  }

  /** Reviews without an answer yet. */
  get underWay(): number {
    return this.#reviews;
  }

  /** Bytes of bodies and unsent answers. */
  get bytes(): number {
    return this.#bytes;
  }

  admit(review: IncomingReview): InFlight | Rejected {
    if (this.#options.lag() > MAX_LAG) return this.#reject("the event loop is late");
    if (!this.#makeRoom(review.bytes)) return this.#reject("too many reviews are under way");
    const { bytes } = review;
    const inFlight: InFlight = { is: "admitted", review, state: "deciding", bytes, since: 0 };
    this.#reviews++;
    this.#bytes += bytes;
    this.#wait(inFlight, "arriving");
    return inFlight;
  }

  /** The body is complete. */
  arrived(inFlight: InFlight): void {
    if (inFlight.state !== "arriving") return;
    this.#waiting.arriving.delete(inFlight);
    inFlight.state = "deciding";
  }

  /** The answer, of so many bytes, is written to the connection. */
  answered(inFlight: InFlight, bytes: number): void {
    if (inFlight.state === "gone" || inFlight.state === "unsent") return;
    this.arrived(inFlight);
    this.#reviews--;
    this.#bytes += bytes - inFlight.bytes;
    inFlight.bytes = bytes;
    this.#wait(inFlight, "unsent");
  }

  /** The exchange is over. `isSent` is false where the client went away before it had its answer. */
  leave(inFlight: InFlight, isSent: boolean): void {
    if (inFlight.state === "gone") return;
    this.#remove(inFlight);
    if (!isSent) this.counts.canceled++;
  }

  /** Reserves one of MAX_RETRIES. False where all are taken: then the answer must not ask for a retry. */
  reserveRetry(): boolean {
    const now = this.#options.monotonic();
    this.#retries = this.#retries.filter((since) => now - since < RETRY_AFTER_SECONDS * SECOND);
    if (this.#retries.length >= MAX_RETRIES) return false;
    this.#retries.push(now);
    return true;
  }

  #makeRoom(bytes: number): boolean {
    const { maxReviews, maxBytes } = this.#options;
    while (this.#reviews >= maxReviews) if (!this.#evict("arriving")) return false;
    while (this.#bytes + bytes > maxBytes) if (!this.#evict("unsent") && !this.#evict("arriving")) return false;
    return true;
  }

  /** Ends the exchange that has waited longest for its client. False where that wait is shorter than SLOW_CLIENT. */
  #evict(waiting: Waiting): boolean {
    const { oldest } = this.#waiting[waiting];
    if (oldest === undefined || this.#options.monotonic() - oldest.since < SLOW_CLIENT) return false;
    this.#remove(oldest);
    this.counts.evicted++;
    oldest.review.evict(waiting);
    return true;
  }

  #wait(inFlight: InFlight, waiting: Waiting): void {
    inFlight.state = waiting;
    inFlight.since = this.#options.monotonic();
    this.#waiting[waiting].add(inFlight);
  }

  #remove(inFlight: InFlight): void {
    const { state, bytes } = inFlight;
    if (state === "arriving" || state === "unsent") this.#waiting[state].delete(inFlight);
    if (state !== "unsent") this.#reviews--;
    this.#bytes -= bytes;
    inFlight.state = "gone";
  }

  #reject(because: string): Rejected {
    const now = this.#options.monotonic();
    const mayRetry = this.reserveRetry();
    if (!mayRetry) this.counts.rejectedWithoutRetry++;
    this.counts.rejected++;
    const shouldLog = now - this.#lastLogged >= SECOND;
    if (shouldLog) this.#lastLogged = now;
    return { is: "rejected", because, mayRetry, shouldLog };
  }
}
