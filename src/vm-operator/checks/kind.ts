import { VM_IMAGE_KINDS } from "../../images/image.ts";
import type { ReviewContext } from "../../references/context.ts";
import { type FieldProblem, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../references/parse.ts";
import { kindPath } from "../../references/rewrites.ts";

const SUPPORTED = `supported values: ${VM_IMAGE_KINDS.map(quote).join(", ")}`;

/**
 * The kind of a reference is an image kind. `/mutate` fills a missing one, so `/validate` finds it missing only
 * where no mutation ran (vm-operator refuses that too: webhooks/virtualmachine/validation validateImageOnCreate).
 */
export function kind({ judged, subject }: ReviewContext): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const each of judged) {
    const { by } = each;
    if (each.is === "unsupportedKind") {
      const field = fieldOf(kindPath(by));
      problems.push({ check: "kind", reason: "FieldValueNotSupported", field, value: by.kind, why: SUPPORTED });
    }
    const isMissing = each.is === "resolved" && by.form === "object" && by.kind === "";
    if (isMissing && subject.endpoint === "validate") {
      const field = fieldOf(kindPath(by));
      const why = `write ${quote(each.image.kind)}; ${SUPPORTED}`;
      problems.push({ check: "kind", reason: "FieldValueRequired", field, why });
    }
  }
  return problems;
}
