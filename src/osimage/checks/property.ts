import { distance } from "fastest-levenshtein";
import type { OsImageContext } from "../context.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { knownBeside } from "../known-properties.ts";
import { osImageOf, propertyField } from "../reviewed-image.ts";

/** Longer keys are no typing mistakes of known ones, which have 51 characters at most: comparing takes the product. */
const MAX_KEY_COMPARED = 128;
/** All warnings of an answer have room for fewer. */
const MAX_SUGGESTIONS = 20;

/** A property with the prefix of a provider is one that this provider reads: it ignores others without a word. */
export function* property(context: OsImageContext): Iterable<FieldError> {
  const image = osImageOf(context);
  let suggestions = 0;
  for (const [key, value] of image?.properties ?? []) {
    const known = knownBeside(key);
    if (known === undefined || known.includes(key) || image?.hasChangedProperty(key) !== true) continue;
    const why = `no property of this provider is known by that name, so that it may be ignored${suggestions++ < MAX_SUGGESTIONS ? suggestion(key, known) : ""}`;
    yield { check: "osimage-property", reason: "FieldValueNotSupported", field: propertyField(key), value, why };
  }
}

function suggestion(key: string, known: readonly string[]): string {
  if (key.length > MAX_KEY_COMPARED) return "";
  const [nearest] = known.map((name) => ({ name, edits: distance(key, name) })).sort((a, b) => a.edits - b.edits);
  return nearest === undefined ? "" : `; did you mean ${quote(nearest.name)}?`;
}
