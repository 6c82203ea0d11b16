import type { Timing } from "../common/timing.ts";
import type { ApiErrorCode } from "./api-error.ts";

const SECOND = 1_000;

/**
 * As client-go's reflector (tools/cache/reflector.go): 0.8 s, doubled up to 30 s, reset after 2 minutes without error.
 */
const FIRST_BACKOFF = 0.8 * SECOND;
const MAX_BACKOFF = 30 * SECOND;
const RESET_AFTER = 120 * SECOND;

/** A broken proxy may ask for a day. */
const MAX_RETRY_AFTER = 60 * SECOND;

/** A wait of random length between two limits, in milliseconds. */
export interface WaitRange {
  readonly min: number;
  readonly max: number;
}

/** How long to wait before the next attempt. */
export type Wait = "exponential" | WaitRange;

/** For an error that all replicas get at the same moment: it keeps their next requests apart. */
export const SPREAD: WaitRange = { min: 0, max: 2 * SECOND };
/** For missing rights: a person grants them. */
export const UNTIL_GRANTED: WaitRange = { min: 15 * SECOND, max: 60 * SECOND };

/** The wait of a client that repeats the same request until it succeeds. */
export function waitAfter(code: ApiErrorCode): Wait {
  if (code === "expired") return SPREAD;
  return code === "forbidden" ? UNTIL_GRANTED : "exponential";
}

/** Computes how long to wait after each error. */
export class Backoff {
  readonly #timing: Pick<Timing, "now" | "random">;
  #attempt = 0;
  #lastGrowth = Number.NEGATIVE_INFINITY;

  constructor(timing: Pick<Timing, "now" | "random">) {
    this.#timing = timing;
  }

  /**
   * Milliseconds to wait after the nth error in a row. From the second one on, every wait is at least an exponential
   * one: a server that answers each request with 410 does not get a list each second.
   */
  next(wait: Wait, consecutive: number, retryAfter = 0): number {
    const growing = wait === "exponential" || consecutive > 1 ? this.#grow() : 0;
    const ranged = wait === "exponential" ? 0 : this.#randomIn(wait);
    return Math.max(growing, ranged, Math.min(retryAfter, MAX_RETRY_AFTER));
  }

  /** Full jitter: the limit doubles, and the wait is random below it. */
  #grow(): number {
    const now = this.#timing.now().getTime();
    if (now - this.#lastGrowth > MAX_BACKOFF + RESET_AFTER) this.#attempt = 0;
    this.#lastGrowth = now;
    const limit = Math.min(FIRST_BACKOFF * 2 ** this.#attempt, MAX_BACKOFF);
    if (limit < MAX_BACKOFF) this.#attempt++;
    return this.#randomIn({ min: 0, max: limit });
  }

  #randomIn({ min, max }: WaitRange): number {
    return min + this.#timing.random() * (max - min);
  }
}
