import type { Wait } from "./trouble.ts";

/** Time, chance and delay of a reflector: arguments, so that tests own them. */
export interface Timing {
  readonly now: () => Date;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Resolves early when the signal aborts, and never rejects. */
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const SECOND = 1_000;

/** client-go's reflector (tools/cache/reflector.go): 0.8 s, doubled up to 30 s, forgotten after 2 good minutes. */
const FIRST_BACKOFF = 0.8 * SECOND;
const LONGEST_BACKOFF = 30 * SECOND;
const GOOD_TIME = 120 * SECOND;

/** A broken proxy may ask for a day. */
const LONGEST_RETRY_AFTER = 60 * SECOND;

/** Least and most milliseconds of the waits that do not grow; the time between is left to chance. */
const RANGES: Readonly<Record<Exclude<Wait, "backoff">, readonly [number, number]>> = {
  /** Two replicas or twenty: 2 s keep their lists apart. */
  spread: [0, 2 * SECOND],
  /** Rights come by a person's hand. */
  forbidden: [15 * SECOND, 60 * SECOND],
  /** So do CRDs. */
  absent: [15 * SECOND, 30 * SECOND],
  /** A list costs the API server more than a watch; half a minute is how old an answer may become. */
  degraded: [30 * SECOND, 30 * SECOND],
  overflow: [30 * SECOND, 60 * SECOND],
};

/** How long to wait after each trouble. */
export class Backoff {
  readonly #timing: Timing;
  #attempt = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** Milliseconds to wait now. From the second trouble of its kind in a row on every wait is at least a backoff. */
  next(wait: Wait, inARow: number, retryAfter = 0): number {
    const growing = wait === "backoff" || inARow > 1 ? this.#grow() : 0;
    const ranged = wait === "backoff" ? 0 : this.#within(RANGES[wait]);
    return Math.max(growing, ranged, Math.min(retryAfter, LONGEST_RETRY_AFTER));
  }

  /** Full jitter: the limit doubles, the wait is anything below it. */
  #grow(): number {
    const now = this.#timing.now().getTime();
    if (now - this.#last > LONGEST_BACKOFF + GOOD_TIME) this.#attempt = 0;
    this.#last = now;
    const limit = Math.min(FIRST_BACKOFF * 2 ** this.#attempt, LONGEST_BACKOFF);
    if (limit < LONGEST_BACKOFF) this.#attempt++;
    return this.#within([0, limit]);
  }

  #within([least, most]: readonly [number, number]): number {
    return least + this.#timing.random() * (most - least);
  }
}
