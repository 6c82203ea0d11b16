import type { Reference } from "./reading.ts";
import { isSame, type Question, type ReferenceImage, resolveReference } from "./reference-image.ts";
import type { ReferenceRow } from "./row.ts";
import { type Change, exactChange, SAME, StoredImage } from "./stored-image.ts";

/** A reference that may be given another image on UPDATE. */
export interface ChangingReference {
  readonly reference: Reference;
  /** The one of the same key in the stored object. */
  readonly old: Reference | undefined;
  /** How it stands to the stored one; `same` where there is none. */
  readonly change: Change;
  /** Where it is new or has another image; undefined where nobody needs to know. */
  readonly image: ReferenceImage | undefined;
}

/** The references of this role. A value of a wrong type anywhere is refused for its type alone: nothing is resolved then. */
export function changingReferences(question: Question, role: ReferenceRow["role"]): readonly ChangingReference[] {
  const { reading, oldReading } = question;
  const ofRole = reading.references.filter((reference) => reference.role === role);
  if (ofRole.length === 0) return [];
  const stored = new Map<string, Reference>();
  for (const reference of oldReading?.references ?? [])
    if (reference.role === role) stored.set(reference.key, reference);
  return ofRole.map((reference) => {
    const old = stored.get(reference.key);
    const change = old === undefined ? SAME : changeOf(question, reference, old);
    const isToJudge = reading.malformed.length === 0 && (old === undefined || change.is === "changed");
    return { reference, old, change, image: isToJudge ? resolveReference(question, reference) : undefined };
  });
}

function changeOf(question: Question, reference: Reference, old: Reference): Change {
  if (isSame(reference, old) || question.reading.malformed.length > 0) return SAME;
  if (question.subject.endpoint === "validate") return exactChange(reference, old);
  const stored = new StoredImage(question, {
    objectName: old.name === "" ? undefined : old.name,
    values: [old],
  });
  return stored.change(reference, old);
}
