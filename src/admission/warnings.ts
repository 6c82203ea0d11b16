import { printable } from "../references/field-error.ts";

/** Characters of a warning that the API server never cuts (apiserver endpoints/filters/warning.go truncateItemRunes). */
export const MAX_WARNING = 256;

/**
 * Characters of all warnings of a review: half of what the API server sends for a request (truncateAtTotalRunes, 4,096),
 * because /mutate and /validate both send warnings.
 */
export const ALL_WARNINGS = 2_048;

const ELLIPSIS = " ... ";
/** A warning begins with its field and ends with its remedy: both are kept, and the middle is cut. */
const MAX_END = 96;

/**
 * The warnings to send: each once, on one line, cut in the middle, and no more than the API server passes on. The last one
 * counts those that are left out. The API server silently drops a warning with a control character.
 */
export function sentWarnings(warnings: readonly string[]): readonly string[] {
  const each = [...new Set(warnings.map((text) => cut(printable(text))))].filter((text) => text !== "");
  if (fitting(each, ALL_WARNINGS) === each.length) return each;
  const kept = fitting(each, ALL_WARNINGS - leftOut(each.length).length);
  return [...each.slice(0, kept), leftOut(each.length - kept)];
}

/** The number of leading warnings that fit into so many characters. */
function fitting(texts: readonly string[], room: number): number {
  let used = 0;
  const tooMany = texts.findIndex((text) => (used += lengthOf(text)) > room);
  return tooMany === -1 ? texts.length : tooMany;
}

function leftOut(count: number): string {
  return `${count} more ${count === 1 ? "warning was" : "warnings were"} left out`;
}

function cut(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= MAX_WARNING) return text;
  const start = characters.slice(0, MAX_WARNING - ELLIPSIS.length - MAX_END);
  return start.join("") + ELLIPSIS + characters.slice(-MAX_END).join("");
}

/** In Unicode characters, as the API server counts. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
