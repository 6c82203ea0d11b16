import { fieldOf } from "../../common/field-path.ts";
import { at, isJsonObject, isSameJson, member } from "../../common/json.ts";
import type { ActiveCheck } from "../check.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldError, quote } from "../field-error.ts";
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
  for (const wrong of malformed) {
    const { path, value, expected } = wrong;
    const isKept = target.oldObject !== undefined && isSameJson(at(target.oldObject, path), value);
    if (isKept && keepsReferences) continue;
    const error = { check: "type", field: fieldOf(path), value, why: `must be ${expected}` };
    const remedy = remedyOf(wrong);
    yield { ...error, reason: "FieldValueTypeInvalid", ...(remedy === undefined ? {} : { remedy }) };
  }
}

function remedyOf({ value, expected, belongsAt }: Malformed): string | undefined {
  switch (expected) {
    case "a string":
      return remedyOfNoString(value);
    case "an object":
      return typeof value === "string" && belongsAt !== undefined ? `write it as ${fieldOf(belongsAt)}` : undefined;
    case "a list":
      return `make it a list: put "- " in front of ${isJsonObject(value) ? "its first line" : "it"}`;
  }
}

/** YAML reads 24.10 without quotes as the number 24.1, and on as true: the value is not always what the file has. */
function remedyOfNoString(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return "put what you wrote in quotes";
  const [name, ...others] = Array.isArray(value) ? (value as readonly unknown[]) : [member(value, "name")];
  return typeof name === "string" && others.length === 0 ? `write ${quote(name)}` : "write one name";
}

function namesOf(parsed: ParsedReferences | undefined): readonly unknown[] {
  return (parsed?.references ?? []).map(({ key, kind, name }) => ({ key, kind, name }));
}
