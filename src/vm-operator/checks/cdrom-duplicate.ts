import type { ReviewContext } from "../../references/context.ts";
import type { FieldProblem } from "../../references/field-error.ts";
import { fieldOf } from "../../references/parse.ts";

/**
 * No two CD-ROMs hold the same image. Kinds do not tell them apart: the same object name in both scopes is the same
 * item of a library (vm-operator validateCdrom).
 */
export function* cdromDuplicate({ cdroms }: ReviewContext): Iterable<FieldProblem> {
  const holders = new Map<string, string>();
  const judgesAny = cdroms.some(({ image }) => image !== undefined);
  for (const { reference } of judgesAny ? cdroms : []) {
    if (reference.name === "") continue;
    const field = fieldOf(reference.namePath);
    const holder = holders.get(reference.name);
    if (holder === undefined) {
      holders.set(reference.name, field);
      continue;
    }
    const why = `${holder} holds this image already; choose another one or leave one of the two CD-ROMs out`;
    yield { check: "cdrom-duplicate", reason: "FieldValueDuplicate", field, value: reference.name, why };
  }
}
