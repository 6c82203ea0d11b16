import type { Timing } from "../../common/timing.ts";

export interface TokenBucketOptions {
  /** Tokens per second. */
  readonly rate: number;
  /** Tokens of a full bucket. */
  readonly burst: number;
  readonly timing: Pick<Timing, "monotonic">;
}

/** Limits a rate: a burst of tokens at once, then so many per second. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledAt: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = options.timing.monotonic();
  }

  /** Takes a token; false if there is none. */
  take(): boolean {
    const { rate, burst, timing } = this.#options;
    const now = timing.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1_000) * rate);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
