import { contains, edits, type FoldedName, foldedName, minEdits, wordsOf } from "./name-similarity.ts";

/** A name that images have. */
export interface KnownName extends FoldedName {
  readonly name: string;
}

/** Limits the time of a refusal: 5,000 comparisons of 20 characters take about 2 ms. */
const MAX_COMPARED = 5_000;
/** The limit of Kubernetes object names. A longer text was pasted, not mistyped. */
const MAX_NAME_LENGTH = 253;
/** The share of the written name that may differ. */
const MAX_EDIT_SHARE = 1 / 3;
/** A shorter text is part of too many names. */
const MIN_PART_LENGTH = 2;
/** A shorter name is part of too many texts. */
const MIN_CONTAINED_LENGTH = 3;

/** How a known name is similar to the written one, best first. */
const RANKS = { prefix: 0, part: 1, edits: 2, words: 3 } as const;

/** Known names by scope; those of earlier scopes come first where others are equally near. */
type Scopes<T extends KnownName> = readonly (() => Iterable<T>)[];

/**
 * The known names that are most similar to a written one, nearest first, `max` at most.
 * 1. Names that begin with the written one, then names that contain it; the shortest first.
 * 2. Names a few edits away, fewest edits first.
 * 3. Names that it contains, and names with at least half of its words, by the number of characters.
 * The second step is taken where the first has not found enough, the third where both have found nothing.
 */
export function similarNames<T extends KnownName>(scopes: Scopes<T>, written: string, max: number): readonly T[] {
  const name = foldedName(written);
  if (name.folded.length > MAX_NAME_LENGTH) return [];
  const nearest = new Nearest<T>(max);
  addContaining(scopes, name, nearest);
  if (!nearest.isFull) addByEdits(scopes, name, nearest);
  if (nearest.names.length === 0) addByWords(scopes, name, nearest);
  return nearest.names;
}

function addContaining<T extends KnownName>(scopes: Scopes<T>, name: FoldedName, nearest: Nearest<T>): void {
  if (name.folded.length < MIN_PART_LENGTH) return;
  for (const [scope, names] of scopes.entries()) {
    for (const known of names()) {
      if (!contains(known, name)) continue;
      const rank = known.folded.startsWith(name.folded) ? RANKS.prefix : RANKS.part;
      const difference = known.folded.length - name.folded.length;
      if (nearest.accepts(rank, difference)) nearest.add({ known, scope, rank, difference });
    }
  }
}

/** The names that can be fewest edits away are compared first. */
function addByEdits<T extends KnownName>(scopes: Scopes<T>, name: FoldedName, nearest: Nearest<T>): void {
  const maxEdits = Math.floor(name.folded.length * MAX_EDIT_SHARE);
  const byEdits = scopes.map((names) => namesByMinEdits(names(), name, maxEdits));
  let left = MAX_COMPARED;
  for (let least = 0; least <= maxEdits && nearest.accepts(RANKS.edits, least); least++) {
    const possible = byEdits.flatMap((names, scope) => (names[least] ?? []).map((known) => ({ known, scope })));
    for (const { known, scope } of possible.slice(0, left)) {
      const difference = edits(known, name);
      if (difference <= maxEdits) nearest.add({ known, scope, rank: RANKS.edits, difference });
    }
    left -= Math.min(left, possible.length);
  }
}

/** The names at the index of the fewest edits that they can be away. */
function namesByMinEdits<T extends KnownName>(names: Iterable<T>, name: FoldedName, maxEdits: number): readonly T[][] {
  const found = Array.from({ length: maxEdits + 1 }, (): T[] => []);
  for (const known of names) found[minEdits(known, name)]?.push(known);
  return found;
}

function addByWords<T extends KnownName>(scopes: Scopes<T>, name: FoldedName, nearest: Nearest<T>): void {
  const words = wordsOf(name);
  for (const [scope, names] of scopes.entries()) {
    for (const known of names()) {
      const shared = sharedCharacters(known, name, words);
      if (shared > 0 && nearest.accepts(RANKS.words, -shared))
        nearest.add({ known, scope, rank: RANKS.words, difference: -shared });
    }
  }
}

/** Characters that the two names share: a whole name, or at least half of the words. 0 for fewer. */
function sharedCharacters(known: FoldedName, name: FoldedName, words: readonly FoldedName[]): number {
  if (known.folded.length >= MIN_CONTAINED_LENGTH && contains(name, known)) return known.folded.length;
  if (words.length < 2) return 0;
  let [count, shared, all] = [0, 0, 0];
  for (const word of words) {
    all += word.folded.length;
    if (!contains(known, word)) continue;
    count++;
    shared += word.folded.length;
  }
  return 2 * count < words.length || 2 * shared < all ? 0 : shared;
}

interface Similar<T extends KnownName> {
  readonly known: T;
  /** Position of its scope. */
  readonly scope: number;
  readonly rank: number;
  /** Within the rank, smaller is nearer. */
  readonly difference: number;
}

/** The nearest names so far, in order. */
class Nearest<T extends KnownName> {
  readonly #found: Similar<T>[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get names(): readonly T[] {
    return this.#found.map(({ known }) => known);
  }

  get isFull(): boolean {
    return this.#found.length === this.#max;
  }

  /** Keeps the first place of a name that is added twice. */
  add(candidate: Similar<T>): void {
    const last = this.#found[this.#max - 1];
    if (last !== undefined && compare(candidate, last) > 0) return;
    if (this.#found.some(({ known }) => known === candidate.known)) return;
    const at = this.#found.findIndex((each) => compare(candidate, each) < 0);
    this.#found.splice(at === -1 ? this.#found.length : at, 0, candidate);
    if (this.#found.length > this.#max) this.#found.pop();
  }

  /** Whether a name of this rank and difference could be among the nearest ones. */
  accepts(rank: number, difference: number): boolean {
    const last = this.#found[this.#max - 1];
    return last === undefined || rank < last.rank || (rank === last.rank && difference <= last.difference);
  }
}

/** Among equally near names of one scope the last by name comes first: it usually is the newest version. */
function compare(one: Similar<KnownName>, other: Similar<KnownName>): number {
  return (
    one.rank - other.rank ||
    one.difference - other.difference ||
    one.scope - other.scope ||
    Number(one.known.name < other.known.name) - Number(one.known.name > other.known.name)
  );
}
