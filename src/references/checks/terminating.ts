import { type ReviewContext, usedImages } from "../context.ts";
import { imageProblem } from "../image-error.ts";
import type { FieldProblem } from "../field-error.ts";

/** The image is not being deleted. Only its object name still finds such an image (R6). */
export function* terminating(context: ReviewContext): Iterable<FieldProblem> {
  for (const { by, image } of usedImages(context)) {
    if (!image.terminating) continue;
    yield imageProblem(context, by, image, {
      check: "terminating",
      why: "the image is being deleted; choose another one",
    });
  }
}
