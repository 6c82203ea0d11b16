import type { CheckFacts } from "../check.ts";
import { type ResolvedContext, usedImages } from "../context.ts";
import type { FieldError } from "../field-error.ts";
import { kubectlGet } from "../list-command.ts";
import type { MakeImageError } from "../image-error.ts";

export const TERMINATING = {
  id: "terminating",
  level: "warn",
  mutate: "never",
  rule: "the image is not being deleted",
} as const satisfies CheckFacts;

/** The image is not being deleted. Such an image is found by its object name only (R6). */
export function terminating<C extends ResolvedContext>(
  imageError: MakeImageError<C>,
): (context: C) => Iterable<FieldError> {
  return function* (context) {
    for (const { reference, image } of usedImages(context.lookups)) {
      if (!image.terminating) continue;
      yield imageError(context, {
        check: "terminating",
        reference,
        image,
        why: "the image is being deleted",
        remedy: `choose another one (${kubectlGet(reference.images, context.target.namespace)} lists them)`,
      });
    }
  };
}
