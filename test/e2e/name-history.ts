import type { Meaning } from "./meaning.ts";

interface State {
  readonly meaning: Meaning;
  /** Milliseconds: nobody can have been answered by it before. */
  readonly begunAt: number;
  /** The API server has said that it is so; Infinity before. */
  doneAt: number;
  /** Since then every webhook answers by it, or by a later one; Infinity as long as that was not seen. */
  settledAt: number;
}

/**
 * Milliseconds: forty times what a live index may be behind (WATCH_LAG of src/kube/live-read.ts), for a busy machine. A
 * stale one does not refuse a name that it does not know.
 */
export const LONGEST_LAG = 4_000;

/**
 * Which name meant what, when. A change begins with its first request and has settled as soon as all webhooks were seen
 * to know of it: in between a name means what it meant before, or what it means afterwards, but nothing older. And a name
 * that somebody gave a while ago is found, settled or not: a refusal is confirmed by a live read.
 */
export class NameHistory {
  readonly #states = new Map<string, State[]>();

  /** `now`: milliseconds of a clock that never goes back, as everywhere here. */
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

  /** What may be answered to who asks and is answered within this time. */
  possible(name: string, asked: number, answered: number): readonly Meaning[] {
    const states = this.#states.get(name);
    if (states === undefined) return ["not found"];
    const first = states.findLastIndex(({ settledAt }) => settledAt <= asked);
    return states
      .slice(first)
      .filter(({ begunAt }) => begunAt <= answered)
      .filter(({ meaning }, nth, { [nth + 1]: next }) => {
        const isFoundByNow = next !== undefined && next.doneAt + LONGEST_LAG <= asked;
        return meaning !== "not found" || !isFoundByNow;
      })
      .map(({ meaning }) => meaning);
  }

  /** What it means once all changes have settled. */
  now(name: string): Meaning {
    return this.#states.get(name)?.at(-1)?.meaning ?? "not found";
  }
}
