import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";

/** Time, as an argument, so that tests own it. */
export interface Clock {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Resolves early when the signal aborts, and never rejects. */
  readonly delay: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  delay: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    // In a turn of the event loop, timers run before sockets: without this turn, a request that arrived during the delay
    // is not read yet.
    await turn();
  },
};
