import { at, isSameJson } from "../../json.ts";
import { malformedIn } from "../../osimage/object.ts";
import type { ReviewContext } from "../context.ts";
import type { FieldProblem } from "../problem.ts";
import { fieldOf } from "../reading.ts";

/** Every reference has the JSON type that its field has. What an UPDATE leaves as it was is not judged again. */
export function* type({ reading, subject }: ReviewContext): Iterable<FieldProblem> {
  for (const { path, value, expected } of [...reading.malformed, ...malformedIn(subject)]) {
    if (subject.oldObject !== undefined && isSameJson(at(subject.oldObject, path), value)) continue;
    const why = `must be ${expected}`;
    yield { check: "type", reason: "FieldValueTypeInvalid", field: fieldOf(path), value, why };
  }
}
