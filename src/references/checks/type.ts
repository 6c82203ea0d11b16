import { fieldOf } from "../../common/field-path.ts";
import { at, isSameJson } from "../../common/json.ts";
import type { ActiveCheck } from "../check.ts";
import type { ReviewContext } from "../context.ts";
import type { FieldError } from "../field-error.ts";
import type { Malformed, ParsedReferences } from "../parse.ts";

/** The check of JSON types, which no flag turns off. `others`: values of a wrong type outside the references. */
export function typeCheck<C extends ReviewContext>(
  others: (context: C) => readonly Malformed[] = () => [],
): ActiveCheck<C> {
  return {
    level: "deny",
    row: {
      id: "type",
      level: "deny",
      mutate: "before",
      rule: "every reference has the JSON type of its field",
      run: (context) => typeErrors(context, [...context.parsed.malformed, ...others(context)]),
    },
  };
}

/**
 * An UPDATE may keep a malformed value as it is, unless it changes a reference: no reference is resolved together
 * with a malformed value.
 */
function* typeErrors(
  { parsed, oldParsed, target }: ReviewContext,
  malformed: readonly Malformed[],
): Iterable<FieldError> {
  if (malformed.length === 0) return;
  const keepsReferences = isSameJson(namesOf(parsed), namesOf(oldParsed));
  for (const { path, value, expected } of malformed) {
    const isKept = target.oldObject !== undefined && isSameJson(at(target.oldObject, path), value);
    if (isKept && keepsReferences) continue;
    const error = { check: "type", field: fieldOf(path), value, why: `must be ${expected}` };
    const remedy = isUnquoted(value, expected) ? { remedy: "put it in quotes" } : {};
    yield { ...error, reason: "FieldValueTypeInvalid", ...remedy };
  }
}

/** YAML reads 24.04, true and on without quotes as a number or a boolean. */
function isUnquoted(value: unknown, expected: Malformed["expected"]): boolean {
  return expected === "a string" && (typeof value === "number" || typeof value === "boolean");
}

function namesOf(parsed: ParsedReferences | undefined): readonly unknown[] {
  return (parsed?.references ?? []).map(({ key, kind, name }) => ({ key, kind, name }));
}
