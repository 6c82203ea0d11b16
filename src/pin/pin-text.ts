import type { AdmissionRequest } from "../admission/review.ts";
import { fieldOf } from "../common/field-path.ts";
import type { JsonObject, JsonPath } from "../common/json.ts";
import type { ScalarPlace } from "../files/scalar-place.ts";
import { quote } from "../references/field-error.ts";
import {
  type NamedReference,
  namedReferences,
  type Pin,
  type PinContext,
  type PinnedObject,
  pinObject,
  type PinProblem,
} from "./pin-object.ts";
import { commentFor, rememberedName } from "./remembered-name.ts";
import { scalarText } from "./scalar-text.ts";
import type { TextEdit } from "./text-edit.ts";

/** An object, and the text of a file that has it. */
export interface WrittenObject {
  readonly request: AdmissionRequest & { readonly object: JsonObject };
  readonly text: string;
  readonly scalarAt: (path: JsonPath) => ScalarPlace | undefined;
  /** JSON has no comments, so nothing is remembered there. */
  readonly isJson: boolean;
}

export interface PinOptions {
  /** Whether remembered names are resolved again. */
  readonly update: boolean;
}

export type PlannedObject =
  | {
      readonly is: "planned";
      readonly pins: readonly Pin[];
      readonly edits: readonly TextEdit[];
      /** Names that are object names already. */
      readonly unchanged: number;
    }
  | Exclude<PinnedObject, { is: "pinned" }>;

/** The edits that pin one object in its text. Refused where one of its names cannot be pinned, or not in this text. */
export function planPins(written: WrittenObject, context: PinContext, { update }: PinOptions): PlannedObject {
  const { request, isJson } = written;
  const names = new WrittenNames(written);
  const [first] = names.references;
  if (update && isJson && first !== undefined)
    return { is: "refused", problems: [{ field: fieldOf(first.namePath), message: NO_COMMENTS }] };
  const pinned = pinObject(request, context, update ? (reference) => names.remembered(reference) : undefined);
  if (pinned.is !== "pinned") return pinned;
  const { pins } = pinned;
  const problems = pins.flatMap((pin) => names.problemOf(pin) ?? []);
  if (problems.length > 0) return { is: "refused", problems };
  const edits = pins.flatMap((pin) => names.editsOf(pin));
  return { is: "planned", pins, edits, unchanged: names.references.length - pins.length };
}

const NO_COMMENTS =
  "JSON has no comments, so the name is not remembered; write the display name here and pin the file without --update, " +
  "or keep the manifest as YAML";

/** The names of one object in its text. */
class WrittenNames {
  readonly references: readonly NamedReference[];
  readonly #written: WrittenObject;
  /** How many names end on each line, by the offset of its end. */
  readonly #namesOnLine = new Map<number, number>();

  constructor(written: WrittenObject) {
    this.#written = written;
    this.references = namedReferences(written.request.object, written.request);
    for (const { namePath } of this.references) {
      const end = written.scalarAt(namePath)?.line.end ?? -1;
      this.#namesOnLine.set(end, (this.#namesOnLine.get(end) ?? 0) + 1);
    }
  }

  remembered({ namePath }: NamedReference): string | undefined {
    const place = this.#written.scalarAt(namePath);
    if (place?.line.comment === undefined || place.isShared || this.#sharesLine(place)) return undefined;
    const { start, end } = place.line.comment;
    return rememberedName(this.#written.text.slice(start, end));
  }

  problemOf({ path, from }: Pin): PinProblem | undefined {
    const place = this.#written.scalarAt(path);
    const why = place === undefined || place.isShared ? SHARED : this.#whyNotIn(place);
    return why === undefined ? undefined : { field: fieldOf(path), message: `${quote(from)}: not pinned: ${why}` };
  }

  editsOf({ path, to, requested }: Pin): readonly TextEdit[] {
    const { scalarAt, text, isJson } = this.#written;
    const place = scalarAt(path);
    const scalar = place === undefined ? undefined : scalarText(to, place.style);
    if (place === undefined || scalar === undefined) return [];
    const edit = { ...place.range, text: scalar };
    return isJson ? [edit] : [edit, commentEdit(text, place, requested)];
  }

  #whyNotIn(place: ScalarPlace): string | undefined {
    if (place.style === "block") return "it is a block scalar; write it on the line of its field";
    if (this.#written.isJson) return undefined;
    if (place.line.isInsideScalar) return `another value goes on behind this line, ${NO_ROOM}`;
    return this.#sharesLine(place) ? `another image name is on this line, ${NO_ROOM}` : undefined;
  }

  #sharesLine({ line }: ScalarPlace): boolean {
    return (this.#namesOnLine.get(line.end) ?? 0) > 1;
  }
}

const SHARED =
  "its text has an anchor, or comes from an alias or a merge key, so a change would also change other values; write the " +
  "name itself in this field";
const NO_ROOM = "so its comment has no place; write the field on a line of its own";

/** Keeps spaces in front of a comment, and at the end of a line. */
function commentEdit(text: string, { range, line }: ScalarPlace, name: string): TextEdit {
  if (line.comment !== undefined) {
    const { start, end } = line.comment;
    return { start, end, text: commentFor(name, text.slice(start, end)) };
  }
  const end = range.end + text.slice(range.end, line.end).trimEnd().length;
  return { start: end, end, text: ` ${commentFor(name)}` };
}
