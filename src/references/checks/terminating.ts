import type { ReviewContext } from "../context.ts";
import { imageProblem } from "../image-problem.ts";
import type { FieldProblem } from "../problem.ts";

/** The image is not being deleted. Only its object name still finds such an image (R6). */
export function* terminating(context: ReviewContext): Iterable<FieldProblem> {
  if (context.bootImage.is !== "resolved") return;
  const { image, by } = context.bootImage;
  if (!image.terminating) return;
  yield imageProblem(context, by, image, {
    check: "terminating",
    why: "the image is being deleted; choose another one",
  });
}
