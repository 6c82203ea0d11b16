import { VM_IMAGE_KINDS } from "../../images/image.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, quote } from "../problem.ts";
import { fieldOf } from "../reading.ts";

const SUPPORTED = `supported values: ${VM_IMAGE_KINDS.map(quote).join(", ")}`;

/**
 * The kind of a reference is an image kind. `/mutate` fills a missing one, so that `/validate` finds it missing only
 * where nobody did (vm-operator refuses that too: webhooks/virtualmachine/validation validateImageOnCreate).
 */
export function* kind(context: ReviewContext): Iterable<FieldProblem> {
  for (const judged of context.judged) {
    const { by } = judged;
    const field = fieldOf([...by.path, "kind"]);
    if (judged.is === "unsupportedKind") {
      yield { check: "kind", reason: "FieldValueNotSupported", field, value: by.kind, why: SUPPORTED };
    }
    const isMissing = judged.is === "resolved" && by.form === "object" && by.kind === "";
    if (isMissing && context.subject.endpoint === "validate") {
      const why = `write ${quote(judged.image.kind)}; ${SUPPORTED}`;
      yield { check: "kind", reason: "FieldValueRequired", field, why };
    }
  }
}
