import { setImmediate as turn } from "node:timers/promises";
import type { Timing } from "../../src/kube/backoff.ts";
import type { SetTimer } from "../../src/sources/cluster/silence.ts";

interface Sleeper {
  due: number;
  readonly wake: () => void;
}

/** Time that only a test moves. What waits for it is woken in order, when all that ran before has come to wait again. */
export class VirtualClock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #random: () => number;
  /** How many loops there are that are either at work or asleep. */
  loops = 0;

  constructor(start: Date, random: () => number = () => 0.5) {
    this.#now = start.getTime();
    this.#random = random;
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** For one loop; `skew` are the milliseconds by which its clock is ahead. */
  timing(skew: () => number = () => 0): Timing {
    return {
      now: () => new Date(this.#now + skew()),
      random: this.#random,
      delay: (milliseconds, signal) => this.#sleep(milliseconds, signal),
    };
  }

  /** Timers that are set now, and loops that sleep. */
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

  /** Waits, in real time, until every loop sleeps. */
  async settle(): Promise<void> {
    while (this.#sleepers.size < this.loops) await turn();
  }

  /** Moves time on; `step` is called each time that all have come to sleep. */
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

  /** As the clock of a machine that is set, or that slept: timers go on from where they were. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers) sleeper.due += milliseconds;
  }

  #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { due: this.#now + milliseconds, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
