import { LAG_INTERVAL } from "./limits.ts";

/**
 * How late the event loop is, in milliseconds, measured by the delay of a timer. A value is the mean of the last reading
 * and the value before it. So one pause, such as a garbage collection, stays below a limit that several pauses in a row
 * exceed.
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
    return Math.max(this.#lag, this.#lagNow());
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

  /** The timer calls this. */
  tick(): void {
    this.#lag = this.#lagNow();
    this.#lastTick = this.#now();
  }

  /** The lag if the timer fired now: a turn of the event loop that reads from hundreds of connections may take seconds. */
  #lagNow(): number {
    return (this.#lag + Math.max(0, this.#now() - this.#lastTick - LAG_INTERVAL)) / 2;
  }
}
