import { textAt } from "../../common/json.ts";
import { isVmImage } from "../../images/image.ts";
import type { MachineContext } from "../context.ts";
import { machineImageError } from "../machine-image-error.ts";
import type { AdmissionTarget } from "../../references/target.ts";
import { type FieldError, quote } from "../../references/field-error.ts";

/** A comma list of what a machine asks of its image. */
export const REQUIRED_CAPABILITIES_ANNOTATION = "vm-image-webhook.dev/required-capabilities";

/** The image has every capability that the machine asks for. */
export function* capabilities(context: MachineContext): Iterable<FieldError> {
  if (context.bootImage.is !== "resolved") return;
  const { image, reference } = context.bootImage;
  if (!isVmImage(image)) return;
  const lacking = askedFor(context).filter((capability) => !image.capabilities.includes(capability));
  if (lacking.length === 0) return;
  const has = image.capabilities.length === 0 ? "none" : image.capabilities.map(quote).join(", ");
  const why =
    `the image lacks ${lacking.map(quote).join(", ")} of annotation ${REQUIRED_CAPABILITIES_ANNOTATION} ` +
    `(it has ${has})`;
  const remedy = "choose another image or change the annotation";
  yield machineImageError(context, { check: "capabilities", reference, image, why, remedy });
}

export function asksForCapabilities({ target }: MachineContext): boolean {
  return annotationOf(target) !== "";
}

function annotationOf({ object, root }: AdmissionTarget): string {
  return textAt(object, [...root, "metadata", "annotations", REQUIRED_CAPABILITIES_ANNOTATION]);
}

function askedFor({ target }: MachineContext): readonly string[] {
  const asked = annotationOf(target);
  return [...new Set(asked.split(",").map((capability) => capability.trim()))].filter(
    (capability) => capability !== "",
  );
}
