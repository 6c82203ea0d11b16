import type { Meaning } from "./meaning.ts";

interface State {
  readonly meaning: Meaning;
  /** Milliseconds: no answer can have this meaning before. */
  readonly begunAt: number;
  /** When the API server acknowledged the change; Infinity before. */
  doneAt: number;
  /** Since then every webhook answers with it, or with a later one; Infinity until that is observed. */
  settledAt: number;
}

/**
 * Milliseconds: forty times the lag of a live index (WATCH_LAG of live-read.ts), for a busy machine. A stale index does
 * not refuse an unknown name.
 */
export const MAX_LAG = 4_000;

/**
 * Which name meant what, and when. A change begins with its first request, and has settled once all webhooks answer
 * with it. In between a name has its old or its new meaning, and no earlier one. A name that was given at least MAX_LAG
 * ago is found, settled or not, because a live read confirms each refusal.
 */
export class NameHistory {
  readonly #states = new Map<string, State[]>();

  /** `now`: milliseconds of a monotonic clock, as in all methods. */
  begin(name: string, meaning: Meaning, now: number): void {
    const states = this.#states.get(name) ?? [
      { meaning: "not found", begunAt: -Infinity, doneAt: -Infinity, settledAt: -Infinity },
    ];
    states.push({ meaning, begunAt: now, doneAt: Infinity, settledAt: Infinity });
    this.#states.set(name, states);
  }

  done(name: string, now: number): void {
    const state = this.#states.get(name)?.at(-1);
    if (state !== undefined) state.doneAt = now;
  }

  settle(name: string, now: number): void {
    const state = this.#states.get(name)?.at(-1);
    if (state !== undefined) state.settledAt = now;
  }

  /** The possible meanings of a request that is sent and answered within this time. */
  possible(name: string, asked: number, answered: number): readonly Meaning[] {
    const states = this.#states.get(name);
    if (states === undefined) return ["not found"];
    const first = states.findLastIndex(({ settledAt }) => settledAt <= asked);
    return states
      .slice(first)
      .filter(({ begunAt }) => begunAt <= answered)
      .filter(({ meaning }, nth, { [nth + 1]: next }) => {
        const isFoundByNow = next !== undefined && next.doneAt + MAX_LAG <= asked;
        return meaning !== "not found" || !isFoundByNow;
      })
      .map(({ meaning }) => meaning);
  }

  /** The meaning after all changes have settled. */
  now(name: string): Meaning {
    return this.#states.get(name)?.at(-1)?.meaning ?? "not found";
  }
}
