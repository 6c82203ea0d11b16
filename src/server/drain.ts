import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { MAX_WAIT_FOR_QUIET, QUIET_PERIOD } from "./limits.ts";

export interface DrainTiming {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly delay: (milliseconds: number) => Promise<unknown>;
}

/** Timers run before what has arrived is read: on a busy machine much may have, so that a delay ends behind that. */
export const systemTiming: DrainTiming = {
  now: () => performance.now(),
  delay: async (milliseconds) => {
    await delay(milliseconds);
    await turn();
  },
};

/**
 * The time between the wish to stop and the closing of the port. Callers learn late that a replica goes: until then it
 * answers as ever, and each answer lets go of its connection.
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

  /** From now on answers let go of their connections. */
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
