import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";

/** Clocks, randomness and timers. Code takes them as an argument, so that tests control them. */
export interface Timing {
  /** The wall clock, for dates that are shown or compared with certificates. It may be set back. */
  readonly now: () => Date;
  /** Milliseconds of a clock that never goes back, for durations. */
  readonly monotonic: () => number;
  /** At least 0 and less than 1. */
  readonly random: () => number;
  /** Resolves early when the signal aborts; never rejects. */
  readonly delay: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Calls `ring` once after so many milliseconds, unless the returned function is called first. */
  readonly setTimer: SetTimer;
}

/** The clock of code that measures durations and waits. */
export type Clock = Pick<Timing, "monotonic" | "delay">;

export type SetTimer = (milliseconds: number, ring: () => void) => () => void;

/** The clocks, randomness and timers of this machine. */
export const SYSTEM_TIMING: Timing = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  delay: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    // In a turn of the event loop, timers run before sockets: without this turn, a request that arrived during the delay
    // is not read yet.
    await turn();
  },
  setTimer: (milliseconds, ring) => {
    const timer = setTimeout(ring, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};
