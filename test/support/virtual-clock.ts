import { setImmediate as turn } from "node:timers/promises";
import type { SetTimer, Timing } from "../../src/common/timing.ts";

interface Sleeper {
  due: number;
  readonly wake: () => void;
}

/** A clock that only a test moves. It wakes sleepers in order, each after the loops that ran before sleep again. */
export class VirtualClock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #random: () => number;
  /** Number of loops. Each either runs or sleeps. */
  loops = 0;

  constructor(start: Date, random: () => number = () => 0.5) {
    this.#now = start.getTime();
    this.#random = random;
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** The timing of one loop. Its clock is ahead by `skew` milliseconds. */
  timing(skew: () => number = () => 0): Timing {
    return {
      now: () => new Date(this.#now + skew()),
      monotonic: () => this.#now,
      random: this.#random,
      delay: (milliseconds, signal) => this.#sleep(milliseconds, signal),
      setTimer: this.setTimer,
    };
  }

  /** Number of set timers and sleeping loops. */
  get pending(): number {
    return this.#sleepers.size;
  }

  readonly setTimer: SetTimer = (milliseconds, ring) => {
    const wake = (): void => {
      this.#sleepers.delete(sleeper);
      ring();
    };
    const sleeper = { due: this.#now + milliseconds, wake };
    this.#sleepers.add(sleeper);
    return () => {
      this.#sleepers.delete(sleeper);
    };
  };

  /** Waits in real time until every loop sleeps. */
  async settle(): Promise<void> {
    while (this.#sleepers.size < this.loops) await turn();
  }

  /** Moves the clock forward, and calls `step` each time that every loop sleeps. */
  async advance(milliseconds: number, step: () => void = () => undefined): Promise<void> {
    const target = this.#now + milliseconds;
    for (;;) {
      await this.settle();
      step();
      const next = [...this.#sleepers].sort((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > target) break;
      this.#now = Math.max(this.#now, next.due);
      next.wake();
    }
    this.#now = target;
  }

  /**
   * Changes the time like a clock that is set, or a machine that was suspended: sleepers still wait as long as before.
   */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers) sleeper.due += milliseconds;
  }

  #sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { due: this.#now + milliseconds, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }
}
