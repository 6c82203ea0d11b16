import { LAG_INTERVAL } from "./limits.ts";

/**
 * How late the event loop is, in milliseconds: the delay of a timer. Each reading counts half, and the one before half,
 * so that one pause (a garbage collection) stays below a limit that several pauses in a row exceed.
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
    return Math.max(this.#lag, this.#withNow());
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
    this.#lag = this.#withNow();
    this.#lastTick = this.#now();
  }

  /** The lag if the timer ran now: a turn of the event loop that reads from hundreds of connections may take seconds. */
  #withNow(): number {
    return (this.#lag + Math.max(0, this.#now() - this.#lastTick - LAG_INTERVAL)) / 2;
  }
}
