/** What a review spends its time with, in this order. `receive`: from its headers to the end of its body. */
export type Phase = "receive" | "decode" | "decide" | "liveRead" | "encode";

/** Where the time of one review went. Times are of `performance.now()`, in milliseconds. */
export class PhaseTimes {
  readonly #spent = new Map<Phase, number>();
  #since: number;

  constructor(since: number) {
    this.#since = since;
  }

  /** What passed since the last phase ended was this one's; a phase may come again. */
  end(phase: Phase, now = performance.now()): void {
    this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + now - this.#since);
    this.#since = now;
  }

  /** The phases that there were, rounded to microseconds. */
  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#spent].map(([phase, time]) => [phase, roundedMilliseconds(time)]));
  }
}

/** Microseconds are the last digits worth reading. */
export function roundedMilliseconds(time: number): number {
  return Math.round(time * 1_000) / 1_000;
}
