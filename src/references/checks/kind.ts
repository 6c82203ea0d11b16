import { IMAGE_KINDS } from "../../images/image.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, quote } from "../problem.ts";
import { fieldOf } from "../reading.ts";

const SUPPORTED = `supported values: ${IMAGE_KINDS.map(quote).join(", ")}`;

/**
 * The kind of a reference is an image kind. `/mutate` fills a missing one, so that `/validate` finds it missing only
 * where nobody did (vm-operator refuses that too: webhooks/virtualmachine/validation validateImageOnCreate).
 */
export function* kind({ bootImage, subject }: ReviewContext): Iterable<FieldProblem> {
  if (bootImage.is === "unsupportedKind") {
    const { by } = bootImage;
    const field = fieldOf([...by.path, "kind"]);
    yield { check: "kind", reason: "FieldValueNotSupported", field, value: by.kind, why: SUPPORTED };
  }
  if (bootImage.is === "resolved" && subject.endpoint === "validate") {
    const { by, image } = bootImage;
    if (by.form !== "object" || by.kind !== "") return;
    const field = fieldOf([...by.path, "kind"]);
    yield { check: "kind", reason: "FieldValueRequired", field, why: `write ${quote(image.kind)}; ${SUPPORTED}` };
  }
}
