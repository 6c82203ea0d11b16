import { type Event, EVENT_ID, SCALAR_STYLE, type ScalarEvent } from "js-yaml";

/** Offsets in a text. The end is exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export type ScalarStyle = "plain" | "singleQuoted" | "doubleQuoted" | "block";

/** Where a scalar is written, and what follows it on its last line. */
export interface ScalarPlace {
  readonly style: ScalarStyle;
  /** With its quotes; without anchor and tag. */
  readonly range: TextRange;
  /** It has an anchor, or is reached by an alias or a merge key: a change of its text may change other values. */
  readonly isShared: boolean;
  readonly line: LineRest;
}

/** The rest of the line on which a scalar ends. */
export interface LineRest {
  /** The offset of the line break, or the end of the text. */
  readonly end: number;
  /** From `#` to the end of the line. */
  readonly comment: TextRange | undefined;
  /** Another scalar goes on in the next line, so that a comment at the end of this one would be part of it. */
  readonly isInsideScalar: boolean;
}

const STYLES: Readonly<Record<ScalarEvent["style"], ScalarStyle>> = {
  [SCALAR_STYLE.PLAIN]: "plain",
  [SCALAR_STYLE.SINGLE_QUOTED]: "singleQuoted",
  [SCALAR_STYLE.DOUBLE_QUOTED]: "doubleQuoted",
  [SCALAR_STYLE.LITERAL_BLOCK]: "block",
  [SCALAR_STYLE.FOLDED_BLOCK]: "block",
};

/** Finds the places of the scalars of one document. */
export class ScalarPlaces {
  readonly #source: string;
  /** Of every key and value with a text, in the order of the text. */
  readonly #ranges: readonly TextRange[];

  constructor(source: string, events: readonly Event[]) {
    this.#source = source;
    this.#ranges = events.flatMap((event) =>
      event.type === EVENT_ID.SCALAR && event.valueStart >= 0 ? rangeOf(event) : [],
    );
  }

  placeOf(event: ScalarEvent, isShared: boolean): ScalarPlace {
    const range = rangeOf(event);
    return { style: STYLES[event.style], range, isShared, line: this.#lineAfter(range.end) };
  }

  #lineAfter(offset: number): LineRest {
    const end = lineEnd(this.#source, offset);
    let here = offset;
    for (let next = this.#firstAfter(offset); ; next++) {
      const range = this.#ranges[next];
      const isOnLine = range !== undefined && range.start < end;
      const gap = this.#source.slice(here, isOnLine ? range.start : end);
      // A comment has a space in front of it. Text of scalars is not searched.
      const comment = /\s#/.exec(gap);
      if (comment !== null) {
        return { end, comment: { start: here + comment.index + 1, end }, isInsideScalar: false };
      }
      if (!isOnLine) return { end, comment: undefined, isInsideScalar: false };
      if (range.end > end) return { end, comment: undefined, isInsideScalar: true };
      here = range.end;
    }
  }

  /** The index of the first scalar that begins at an offset or after it. */
  #firstAfter(offset: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle]?.start ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The place in a text that has this many characters in front of the one that was searched. */
export function shifted(place: ScalarPlace | undefined, by: number): ScalarPlace | undefined {
  if (place === undefined || by === 0) return place;
  const { range, line } = place;
  const move = ({ start, end }: TextRange): TextRange => ({ start: start + by, end: end + by });
  const comment = line.comment === undefined ? undefined : move(line.comment);
  return { ...place, range: move(range), line: { ...line, end: line.end + by, comment } };
}

/** js-yaml counts the text between the quotes. */
function rangeOf({ valueStart, valueEnd, style }: ScalarEvent): TextRange {
  const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? { start: valueStart - 1, end: valueEnd + 1 } : { start: valueStart, end: valueEnd };
}

function lineEnd(source: string, offset: number): number {
  const found = /[\r\n]/g;
  found.lastIndex = offset;
  return found.exec(source)?.index ?? source.length;
}
