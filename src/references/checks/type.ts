import { at, isSameJson } from "../../common/json.ts";
import { malformedIn } from "../../osimage/reviewed-image.ts";
import type { ReviewContext } from "../context.ts";
import type { FieldProblem } from "../field-error.ts";
import { fieldOf, type Reading } from "../parse.ts";

/**
 * Every reference has the JSON type that its field has. What an UPDATE leaves as it was is not judged again, unless it
 * changes a reference: beside a wrong type no reference can be judged.
 */
export function* type(context: ReviewContext): Iterable<FieldProblem> {
  const { reading, subject } = context;
  const malformed = [...reading.malformed, ...malformedIn(subject)];
  if (malformed.length === 0) return;
  const keepsReferences = isSameJson(namesOf(reading), namesOf(context.oldReading));
  for (const { path, value, expected } of malformed) {
    const isKept = subject.oldObject !== undefined && isSameJson(at(subject.oldObject, path), value);
    if (isKept && keepsReferences) continue;
    const why = `must be ${expected}`;
    yield { check: "type", reason: "FieldValueTypeInvalid", field: fieldOf(path), value, why };
  }
}

function namesOf(reading: Reading | undefined): readonly unknown[] {
  return (reading?.references ?? []).map(({ key, kind, name }) => ({ key, kind, name }));
}
