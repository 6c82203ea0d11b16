import { imageNameFollowsImage } from "../boot-references.ts";
import type { MachineContext } from "../context.ts";
import { type FieldError, plain, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import { isNamedBy, resolveReference } from "../../references/resolve-reference.ts";

/** Where `spec.image` decides, `imageName` is never resolved: it must be a name of that image. */
export function agree(context: MachineContext): readonly FieldError[] {
  const { bootImage, boot } = context;
  if (bootImage.is !== "resolved" || bootImage.reference.form !== "object" || bootImage.reference.role !== "boot")
    return [];
  if (imageNameFollowsImage(context)) return [];
  const { imageName } = boot;
  if (imageName?.name === undefined || isNamedBy(context, bootImage.image, imageName.name)) return [];
  const { name, displayName } = bootImage.image;
  const names = displayName === undefined ? quote(name) : `${quote(name)} (${plain(displayName)})`;
  // Alone, a name of no image is refused, too.
  const namesImage = resolveReference(context, imageName).is === "resolved";
  const error: FieldError = {
    check: "agree",
    reason: "FieldValueInvalid",
    field: fieldOf(imageName.namePath),
    value: imageName.name,
    why: `${fieldOf(bootImage.reference.path)} names another image, ${names}`,
    remedy: `write that here or leave ${namesImage ? "one of the two" : "this field"} out`,
  };
  return [error];
}
