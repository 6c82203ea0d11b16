import { MOST_BODY_BYTES, MOST_HELD, MOST_LAG, MOST_REVIEWS, RETRY_AFTER_SECONDS, SLOW_BODY } from "./limits.ts";

const SECOND = 1_000;

export interface OverloadOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** How late the event loop is, in milliseconds. */
  readonly lag: () => number;
}

/** What is known of a review when its headers are in. */
export interface Arrival {
  /** When that was, by the clock of Overload. */
  readonly arrived: number;
  /** Of the body, as announced. */
  readonly bytes: number;
  /** Ends it: its body takes too long, and others need the room. */
  readonly giveWay: () => void;
}

/**
 * The place of one review that was let in, and a link of the chain of those whose body is not here yet; only Overload
 * changes it. No Set or WeakMap holds guests: the tables that these outgrow stay in memory until a full collection, and
 * with them everything that was under way then (measured: a quarter of the processor time of a review).
 */
export interface Guest {
  readonly is: "admitted";
  readonly arrival: Arrival;
  state: "arriving" | "arrived" | "gone";
  older: Guest | undefined;
  younger: Guest | undefined;
}

export interface Shed {
  readonly is: "shed";
  readonly because: string;
  /** Whether the caller may be asked to come back: it holds one of the API server's own places meanwhile. */
  readonly mayRetry: boolean;
  /** False where another was shed within the same second: no log keeps up with all of them. */
  readonly isNews: boolean;
}

/** How many of each since the start. */
export interface OverloadCounts {
  shed: number;
  /** Of those that were shed, the ones that were not asked to come back. */
  turnedAway: number;
  gaveWay: number;
  /** The caller went away before its answer. */
  canceled: number;
}

/**
 * Bounds the reviews that are under way, their bytes, and the lag under which new ones are taken. What is beyond is shed
 * at once, so that the API server may ask another replica, instead of waiting here for longer than its caller does.
 */
export class Overload {
  readonly counts: OverloadCounts = { shed: 0, turnedAway: 0, gaveWay: 0, canceled: 0 };
  readonly #options: OverloadOptions;
  #underWay = 0;
  /** Both ends of the chain. */
  #oldest: Guest | undefined;
  #youngest: Guest | undefined;
  /** When callers were asked to come back, within the last while. */
  #held: number[] = [];
  #bytes = 0;
  #lastNews = -Infinity;

  constructor(options: OverloadOptions) {
    this.#options = options;
  }

  /** Reviews under way. */
  get underWay(): number {
    return this.#underWay;
  }

  admit(arrival: Arrival): Guest | Shed {
    if (this.#options.lag() > MOST_LAG) return this.#shed("the event loop is late");
    while (this.#isFullFor(arrival)) {
      if (!this.#dismissSlow()) return this.#shed("too many reviews are under way");
    }
    const older = this.#youngest;
    const guest: Guest = { is: "admitted", arrival, state: "arriving", older, younger: undefined };
    if (older === undefined) this.#oldest = guest;
    else older.younger = guest;
    this.#youngest = guest;
    this.#underWay++;
    this.#bytes += arrival.bytes;
    return guest;
  }

  /** The body is here: from now on the guest need not give way. */
  arrived(guest: Guest): void {
    if (guest.state !== "arriving") return;
    guest.state = "arrived";
    this.#unchain(guest);
  }

  /** The place is free again; `answered` is false where the caller went away before. */
  leave(guest: Guest, answered: boolean): void {
    if (this.#remove(guest) && !answered) this.counts.canceled++;
  }

  #isFullFor({ bytes }: Arrival): boolean {
    return this.#underWay >= MOST_REVIEWS || this.#bytes + bytes > MOST_BODY_BYTES;
  }

  /** Bodies of the API server come within milliseconds: a slow one is somebody else's, or not worth waiting for. */
  #dismissSlow(): boolean {
    const oldest = this.#oldest;
    if (oldest === undefined || this.#options.now() - oldest.arrival.arrived < SLOW_BODY) return false;
    this.#remove(oldest);
    this.counts.gaveWay++;
    oldest.arrival.giveWay();
    return true;
  }

  #remove(guest: Guest): boolean {
    if (guest.state === "gone") return false;
    if (guest.state === "arriving") this.#unchain(guest);
    guest.state = "gone";
    this.#underWay--;
    this.#bytes -= guest.arrival.bytes;
    return true;
  }

  #unchain(guest: Guest): void {
    const { older, younger } = guest;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    guest.older = guest.younger = undefined;
  }

  /** Whether one more caller may be asked to come back, for whatever reason it gets no decision now; counts it in. */
  hold(): boolean {
    const now = this.#options.now();
    this.#held = this.#held.filter((since) => now - since < RETRY_AFTER_SECONDS * SECOND);
    if (this.#held.length >= MOST_HELD) return false;
    this.#held.push(now);
    return true;
  }

  #shed(because: string): Shed {
    const now = this.#options.now();
    const mayRetry = this.hold();
    if (!mayRetry) this.counts.turnedAway++;
    this.counts.shed++;
    const isNews = now - this.#lastNews >= SECOND;
    if (isNews) this.#lastNews = now;
    return { is: "shed", because, mayRetry, isNews };
  }
}
