import { textAt } from "../../common/json.ts";
import { isVmImage } from "../../images/image.ts";
import type { ReviewContext } from "../context.ts";
import { imageProblem } from "../image-problem.ts";
import { type FieldProblem, quote } from "../problem.ts";

/** A comma list of what a machine asks of its image. */
export const REQUIRED_CAPABILITIES_ANNOTATION = "vm-image-webhook.dev/required-capabilities";

/** The image has every capability that the machine asks for. */
export function* capabilities(context: ReviewContext): Iterable<FieldProblem> {
  if (context.bootImage.is !== "resolved") return;
  const { image, by } = context.bootImage;
  if (!isVmImage(image)) return;
  const lacking = askedFor(context).filter((capability) => !image.capabilities.includes(capability));
  if (lacking.length === 0) return;
  const has = image.capabilities.length === 0 ? "none" : image.capabilities.map(quote).join(", ");
  const why =
    `the image lacks ${lacking.map(quote).join(", ")} of annotation ${REQUIRED_CAPABILITIES_ANNOTATION} ` +
    `(it has ${has}); choose another image or change the annotation`;
  yield imageProblem(context, by, image, { check: "capabilities", why });
}

function askedFor({ subject }: ReviewContext): readonly string[] {
  const asked = textAt(subject.object, [...subject.root, "metadata", "annotations", REQUIRED_CAPABILITIES_ANNOTATION]);
  return [...new Set(asked.split(",").map((capability) => capability.trim()))].filter(
    (capability) => capability !== "",
  );
}
