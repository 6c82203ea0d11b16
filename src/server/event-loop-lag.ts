import { LAG_INTERVAL } from "./limits.ts";

/**
 * How late the event loop is, in milliseconds: by how much a timer misses its time. Half of each reading is the one
 * before, so that one pause (a garbage collection) is no lag to act upon, and one after the other is.
 */
export class EventLoopLag {
  readonly #now: () => number;
  #lastTick: number;
  #lag = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number) {
    this.#now = now;
    this.#lastTick = now();
  }

  get milliseconds(): number {
    return this.#lag;
  }

  start(): void {
    this.#lastTick = this.#now();
    this.#timer = setInterval(() => {
      this.tick();
    }, LAG_INTERVAL).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What the timer does. */
  tick(): void {
    const now = this.#now();
    const late = Math.max(0, now - this.#lastTick - LAG_INTERVAL);
    this.#lastTick = now;
    this.#lag = (this.#lag + late) / 2;
  }
}
