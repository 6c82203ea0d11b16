import type { Image } from "../../images/image.ts";
import { type ReviewContext, usedImages } from "../context.ts";
import { imageProblem } from "../image-error.ts";
import { type FieldProblem, plain } from "../field-error.ts";

/** The image's Ready condition is True; readiness never decides which image is meant (R6). */
export function* ready(context: ReviewContext): Iterable<FieldProblem> {
  for (const { by, image } of usedImages(context)) {
    if (image.readiness.is === "ready") continue;
    const waits = image.kind === "OSImage" ? "nothing can be provisioned with it" : "the VM waits";
    const why = `the image is not ready (${stateOf(image.readiness)}); ${waits} until it is`;
    yield imageProblem(context, by, image, { check: "ready", why });
  }
}

function stateOf({ condition, reason, message }: Extract<Image["readiness"], { is: "notReady" }>): string {
  const said = [reason, message]
    .filter((part) => part !== "")
    .map(plain)
    .join(": ");
  return said === "" ? `its condition ${condition} is not True` : said;
}
