import { REFERENCES, referenceRows } from "../admission/systems.ts";
import type { AdmissionRequest } from "../admission/review.ts";
import { fieldOf } from "../common/field-path.ts";
import type { JsonObject } from "../common/json.ts";
import { directiveIn, RENDER_FIRST } from "../files/template.ts";
import { quote } from "../references/field-error.ts";
import { parseReferences } from "../references/parse.ts";
import { unknownFields } from "../references/unknown-fields.ts";

/** A mistake in a manifest that admission does not see, or sees as an unknown name. */
export interface Mistake {
  readonly field: string;
  /** Does not repeat the field. */
  readonly message: string;
}

/** Fields that the object's version does not have, and names that a template should have filled in. */
export function mistakesIn(object: JsonObject, { group, version, kind }: AdmissionRequest["kind"]): readonly Mistake[] {
  const rows = REFERENCES.filter((row) => row.group === group && row.kind === kind);
  const { references } = parseReferences(object, referenceRows(group, version, kind));
  const directives = references.flatMap(({ name, namePath }) => {
    if (name === undefined || directiveIn(name) === undefined) return [];
    return [{ field: fieldOf(namePath), message: `${quote(name)} is not rendered: ${RENDER_FIRST}` }];
  });
  return [...unknownFields(object, version, rows), ...directives];
}
