export interface TokenBucketOptions {
  /** Tokens a second. */
  readonly rate: number;
  /** Tokens that a full bucket has. */
  readonly burst: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** So many at once, then so many a second. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledAt: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = options.now();
  }

  /** Whether a token was there; then it is taken. */
  take(): boolean {
    const { rate, burst, now } = this.#options;
    const time = now();
    this.#tokens = Math.min(burst, this.#tokens + ((time - this.#filledAt) / 1_000) * rate);
    this.#filledAt = time;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
