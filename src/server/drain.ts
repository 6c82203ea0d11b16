import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { MAX_WAIT_FOR_QUIET, QUIET_PERIOD } from "./limits.ts";

export interface DrainTiming {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly delay: (milliseconds: number) => Promise<unknown>;
}

/** A delay ends after what has arrived meanwhile is read: timers of a turn run before that. */
export const systemTiming: DrainTiming = {
  now: () => performance.now(),
  delay: async (milliseconds) => {
    await delay(milliseconds);
    await turn();
  },
};

/**
 * The time from SIGTERM to the closing of the port. Callers learn late that a replica goes away: until then it answers
 * as before, and closes the connection after each answer.
 */
export class Drain {
  readonly #timing: DrainTiming;
  #isDraining = false;
  #lastRequest = -Infinity;

  constructor(timing: DrainTiming) {
    this.#timing = timing;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on each answer closes its connection. */
  start(): void {
    this.#isDraining = true;
  }

  noteRequest(): void {
    this.#lastRequest = this.#timing.now();
  }

  /** Starts, and resolves after so many milliseconds, once a quiet period is over or quiet is not to be had. */
  async over(milliseconds: number): Promise<void> {
    this.start();
    const { now, delay } = this.#timing;
    if (milliseconds > 0) await delay(milliseconds);
    const end = now() + MAX_WAIT_FOR_QUIET;
    for (let wait = this.#untilQuiet(); wait > 0 && now() < end; wait = this.#untilQuiet()) {
      await delay(Math.min(wait, end - now()));
    }
  }

  #untilQuiet(): number {
    return this.#lastRequest + QUIET_PERIOD - this.#timing.now();
  }
}
