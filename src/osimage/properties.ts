import { type ChangingReference, changingReferences } from "../references/changing-reference.ts";
import type { Question } from "../references/resolve-reference.ts";

/** The properties of an object that name an OSImage; nothing keeps a person from taking one away again. */
export function osImageProperties(question: Question): readonly ChangingReference[] {
  return changingReferences(question, "property", (stored, sent, old) => stored.changeOfFixed(sent, old)).filter(
    ({ reference }) => reference.name !== "",
  );
}
