import { MAX_LAG, MAX_RETRIES, MAX_REVIEW_BYTES, MAX_REVIEWS, RETRY_AFTER_SECONDS, SLOW_CLIENT } from "./limits.ts";
import { type Waiter, WaitingList } from "./waiting-list.ts";

const SECOND = 1_000;

export interface OverloadOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** How late the event loop is, in milliseconds. */
  readonly lag: () => number;
  readonly maxReviews?: number;
  readonly maxBytes?: number;
}

/** A client that keeps the server waiting: its body is `arriving`, or its answer is `unsent`. */
export type Waiting = "arriving" | "unsent";

export interface IncomingReview {
  /** Length of the body in bytes, as announced. */
  readonly bytes: number;
  /** Ends the exchange early: its client is slow, and another review needs the room. */
  readonly evict: (waiting: Waiting) => void;
}

/** A review that was admitted; only Overload changes it. */
export interface InFlight extends Waiter<InFlight> {
  readonly is: "admitted";
  readonly review: IncomingReview;
  state: Waiting | "deciding" | "gone";
  /** Of the body, then of the answer. */
  bytes: number;
  /** When the state began, by the clock of Overload. */
  since: number;
}

export interface Rejected {
  readonly is: "rejected";
  readonly because: string;
  /** Whether the answer asks for a retry, which takes one of the API server's own places meanwhile. */
  readonly mayRetry: boolean;
  /** Whether to log it: not where another review was rejected within the same second. */
  readonly isNews: boolean;
}

/** Counts since the start, by the names of the log. */
export interface OverloadCounts {
  /** Rejected. */
  shed: number;
  /** Rejected without being asked to retry. */
  turnedAway: number;
  /** Evicted. */
  gaveWay: number;
  /** The client went away before it had its answer. */
  canceled: number;
}

/**
 * Bounds the reviews under way, the bytes that they hold, and the lag under which new ones are admitted. A review beyond
 * the bounds is rejected at once, so that the API server can ask another replica. An answer that was handed over takes
 * no place any more, but its bytes count until the client has them.
 */
export class Overload {
  readonly counts: OverloadCounts = { shed: 0, turnedAway: 0, gaveWay: 0, canceled: 0 };
  readonly #options: Required<OverloadOptions>;
  /** Both in the order in which they began to wait. */
  readonly #waiting: Readonly<Record<Waiting, WaitingList<InFlight>>> = {
    arriving: new WaitingList(),
    unsent: new WaitingList(),
  };
  #reviews = 0;
  #bytes = 0;
  /** When clients were asked to retry, within the last RETRY_AFTER_SECONDS. */
  #retries: number[] = [];
  #lastNews = -Infinity;

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

  /** The answer, of so many bytes, was handed over to the connection. */
  answered(inFlight: InFlight, bytes: number): void {
    if (inFlight.state === "gone" || inFlight.state === "unsent") return;
    this.arrived(inFlight);
    this.#reviews--;
    this.#bytes += bytes - inFlight.bytes;
    inFlight.bytes = bytes;
    this.#wait(inFlight, "unsent");
  }

  /** The exchange is over; `isSent` is false where the client went away before it had its answer. */
  leave(inFlight: InFlight, isSent: boolean): void {
    if (inFlight.state === "gone") return;
    this.#remove(inFlight);
    if (!isSent) this.counts.canceled++;
  }

  /** Reserves a retry: whether one more client may be asked to come back. */
  reserveRetry(): boolean {
    const now = this.#options.now();
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

  /** Ends the exchange that has waited longest for its client, if that is slow. */
  #evict(waiting: Waiting): boolean {
    const { oldest } = this.#waiting[waiting];
    if (oldest === undefined || this.#options.now() - oldest.since < SLOW_CLIENT) return false;
    this.#remove(oldest);
    this.counts.gaveWay++;
    oldest.review.evict(waiting);
    return true;
  }

  #wait(inFlight: InFlight, waiting: Waiting): void {
    inFlight.state = waiting;
    inFlight.since = this.#options.now();
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
    const now = this.#options.now();
    const mayRetry = this.reserveRetry();
    if (!mayRetry) this.counts.turnedAway++;
    this.counts.shed++;
    const isNews = now - this.#lastNews >= SECOND;
    if (isNews) this.#lastNews = now;
    return { is: "rejected", because, mayRetry, isNews };
  }
}
