import { distance } from "fastest-levenshtein";

/** Names that differ only in outer spaces, letter case and look-alike characters have the same folded form. */
export function foldName(name: string): string {
  const trimmed = name.trim().toLowerCase();
  return NOT_ASCII.test(trimmed) ? trimmed.replace(SPACES, " ").replace(DASHES, "-").replace(INVISIBLE, "") : trimmed;
}

const NOT_ASCII = /[^\u0000-\u007f]/;
const SPACES = /\p{Zs}/gu;
/** Hyphens and dashes, and the minus sign. */
const DASHES = /[\p{Pd}\u2212]/gu;
/** The soft hyphen and format characters, such as the zero-width space. */
const INVISIBLE = /\p{Cf}/gu;

const LETTER_BITS = 16;
const DIGIT_BITS = 10;
const OTHER_BITS = 4;

/**
 * The set of characters of a folded name as bits: letters share 16, digits have 10, other characters share 4. Two names
 * are compared by it before anything slower.
 */
export function charactersOf(folded: string): number {
  let bits = 0;
  for (let at = 0; at < folded.length; at++) bits |= 1 << bitOf(folded.charCodeAt(at));
  return bits;
}

function bitOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return (code - 0x61) % LETTER_BITS;
  if (code >= 0x30 && code <= 0x39) return LETTER_BITS + code - 0x30;
  return LETTER_BITS + DIGIT_BITS + (code % OTHER_BITS);
}

/** Whether every character of the first set is in the second: only then can one name contain the other. */
export function isSubset(part: number, whole: number): boolean {
  return (part & ~whole) === 0;
}

/** A folded name with its set of characters. */
export interface FoldedName {
  readonly folded: string;
  readonly characters: number;
}

export function foldedName(name: string): FoldedName {
  const folded = foldName(name);
  return { folded, characters: charactersOf(folded) };
}

/** No fewer edits than this turn one name into the other. */
export function minEdits(one: FoldedName, other: FoldedName): number {
  return Math.max(
    Math.abs(one.folded.length - other.folded.length),
    count(one.characters & ~other.characters),
    count(other.characters & ~one.characters),
  );
}

/** The number of insertions, deletions and replacements that turn one name into the other. */
export function edits(one: FoldedName, other: FoldedName): number {
  return distance(one.folded, other.folded);
}

/** The number of bits that are set. */
function count(bits: number): number {
  let rest = bits;
  let found = 0;
  for (; rest !== 0; rest &= rest - 1) found++;
  return found;
}

/** The words of a name that are long enough to tell images apart. */
export function wordsOf({ folded }: FoldedName): readonly FoldedName[] {
  return folded
    .split(/[\s_/-]+/)
    .filter((word) => word.length > 1)
    .map(foldedName);
}

export function contains(whole: FoldedName, part: FoldedName): boolean {
  return isSubset(part.characters, whole.characters) && whole.folded.includes(part.folded);
}

/** What is odd about a name and hard to see, as the end of a sentence; undefined where nothing is. */
export function oddityOf(name: string): string | undefined {
  if (name !== name.trimEnd() && name !== name.trimStart()) return "has spaces around it";
  if (name !== name.trimEnd()) return "has a trailing space";
  if (name !== name.trimStart()) return "has a leading space";
  const [odd] = ODD.exec(name) ?? [];
  const code = odd?.codePointAt(0);
  if (code === undefined) return undefined;
  const character = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const plain = foldName(`x${odd}x`).slice(1, -1);
  return plain === "" ? `has the invisible character ${character}` : `has ${character} in place of "${plain}"`;
}

/** A space, hyphen or invisible character that is not ASCII. */
const ODD = /(?=[^\u0000-\u007f])[\p{Zs}\p{Pd}\u2212\p{Cf}]/u;
