import { type ResolvedContext, usedImages } from "../context.ts";
import type { FieldError } from "../field-error.ts";
import type { ImageError } from "../image-error.ts";

/** The image is not being deleted. Such an image is found by its object name only (R6). */
export function terminating<C extends ResolvedContext>(
  imageError: ImageError<C>,
): (context: C) => Iterable<FieldError> {
  return function* (context) {
    for (const { reference, image } of usedImages(context.lookups)) {
      if (!image.terminating) continue;
      yield imageError(context, {
        check: "terminating",
        reference,
        image,
        why: "the image is being deleted; choose another one",
      });
    }
  };
}
