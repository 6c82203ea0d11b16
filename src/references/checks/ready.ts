import type { ReviewContext } from "../context.ts";
import { imageProblem } from "../image-problem.ts";
import { type FieldProblem, plain } from "../problem.ts";

/** The image's Ready condition is True; readiness never decides which image is meant (R6). */
export function* ready(context: ReviewContext): Iterable<FieldProblem> {
  if (context.bootImage.is !== "resolved") return;
  const { image, by } = context.bootImage;
  if (image.readiness.is === "ready") return;
  const { condition, reason, message } = image.readiness;
  const said = [reason, message]
    .filter((part) => part !== "")
    .map(plain)
    .join(": ");
  const state = said === "" ? `its condition ${condition} is not True` : said;
  yield imageProblem(context, by, image, {
    check: "ready",
    why: `the image is not ready (${state}); the VM waits until it is`,
  });
}
