import type { ReviewContext } from "../../references/context.ts";
import { imageProblem } from "../../references/image-error.ts";
import { type FieldProblem, quote } from "../../references/field-error.ts";
import { mayUse } from "../access.ts";

/**
 * The caller that makes a reference may use the image. The documentation of OSImage names no verb for use and no place where the
 * platform looks, and a platform that writes for a person is itself the caller.
 */
export function* access(context: ReviewContext): Iterable<FieldProblem> {
  for (const judged of context.judged) {
    if (judged.is !== "resolved" || mayUse(context, judged.image)) continue;
    const why =
      `user ${quote(context.subject.user.name)} neither owns the image nor is granted get or * by its spec.access; ` +
      "ask its owner, or use another image";
    const problem = imageProblem(context, judged.by, judged.image, { check: "access", why });
    yield { ...problem, reason: "FieldValueForbidden" };
  }
}
