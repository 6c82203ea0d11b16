import { textAt } from "../../common/json.ts";
import { isVmImage } from "../../images/image.ts";
import type { MachineContext } from "../context.ts";
import { capabilityLabel, listCommand } from "../list-command.ts";
import { machineImageError } from "../machine-image-error.ts";
import type { AdmissionTarget } from "../../references/target.ts";
import { type FieldError, quote } from "../../references/field-error.ts";

/** A comma list of what a machine asks of its image. */
export const REQUIRED_CAPABILITIES_ANNOTATION = "vm-image-webhook.dev/required-capabilities";

/** apimachinery pkg/util/validation IsQualifiedName, without the prefix. */
const LABEL_NAME = /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;

const MAX_LABELS = 5;

/** The image has every capability that the machine asks for. */
export function* capabilities(context: MachineContext): Iterable<FieldError> {
  if (context.bootImage.is !== "resolved") return;
  const { image, reference } = context.bootImage;
  if (!isVmImage(image)) return;
  const asked = askedFor(context);
  const lacking = asked.filter((capability) => !image.capabilities.includes(capability));
  if (lacking.length === 0) return;
  const has = image.capabilities.length === 0 ? "none" : image.capabilities.map(quote).join(", ");
  const why =
    `the image lacks ${lacking.map(quote).join(", ")} of annotation ${REQUIRED_CAPABILITIES_ANNOTATION} ` +
    `(it has ${has})`;
  const remedy = `${chooseAnother(context.target, asked)}change the annotation`;
  yield machineImageError(context, { check: "capabilities", reference, image, why, remedy });
}

/** Nothing for a name that no label can have, which a shell must not read, and for more labels than a person reads. */
function chooseAnother(target: AdmissionTarget, asked: readonly string[]): string {
  if (asked.length > MAX_LABELS || !asked.every((capability) => LABEL_NAME.test(capability))) return "";
  return `choose another image (${listCommand(target, asked.map(capabilityLabel))} lists those that have all), or `;
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
