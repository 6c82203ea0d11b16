import type { TextRange } from "../files/scalar-place.ts";

/** New text for a range of a text; an empty range inserts. */
export interface TextEdit extends TextRange {
  readonly text: string;
}

/** The text after edits that do not overlap, in any order. */
export function editedText(text: string, edits: readonly TextEdit[]): string {
  let result = "";
  let here = 0;
  for (const edit of edits.toSorted((one, other) => one.start - other.start)) {
    result += text.slice(here, edit.start) + edit.text;
    here = edit.end;
  }
  return result + text.slice(here);
}
