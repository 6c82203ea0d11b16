import type { Reference } from "./parse.ts";
import { type Question, type ReferenceImage, resolveReference } from "./resolve-reference.ts";
import type { ReferenceRow } from "./row.ts";
import { type Change, exactChange, SAME, StoredImage } from "./stored-reference.ts";

/** A reference that may be given another image on UPDATE. */
export interface ChangingReference {
  readonly reference: Reference;
  /** The one of the same key in the stored object. */
  readonly old: Reference | undefined;
  /** How it stands to the stored one; `same` where there is none. */
  readonly change: Change;
  /** Where it is new or has another image; undefined where no check reads it. */
  readonly image: ReferenceImage | undefined;
}

/**
 * The references of this role. A value of a wrong type anywhere is refused for its type alone: nothing is resolved then.
 * `compare` says how one of an UPDATE stands to the stored one.
 */
export function changingReferences(
  question: Question,
  role: ReferenceRow["role"],
  compare: Compare,
): readonly ChangingReference[] {
  const { reading, oldReading } = question;
  const ofRole = (references: readonly Reference[]): readonly Reference[] =>
    references.filter((reference) => reference.role === role);
  const stored = new Map(ofRole(oldReading?.references ?? []).map((reference) => [reference.key, reference]));
  return ofRole(reading.references).map((reference) => {
    const old = stored.get(reference.key);
    const change = old === undefined ? SAME : changeOf(question, { sent: reference, old, compare });
    const isToJudge = reading.malformed.length === 0 && (old === undefined || change.is === "changed");
    return { reference, old, change, image: isToJudge ? resolveReference(question, reference) : undefined };
  });
}

/** Compares a sent reference with the stored one at `/mutate`. */
export type Compare = (stored: StoredImage, sent: Reference, old: Reference) => Change;

function changeOf(
  question: Question,
  { sent, old, compare }: { readonly sent: Reference; readonly old: Reference; readonly compare: Compare },
): Change {
  if (question.reading.malformed.length > 0) return SAME;
  if (question.subject.endpoint === "validate") return exactChange(sent, old);
  return compare(new StoredImage(question, [old]), sent, old);
}
