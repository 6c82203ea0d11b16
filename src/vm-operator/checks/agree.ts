import { followsImage } from "../boot-references.ts";
import type { ReviewContext } from "../../references/context.ts";
import { type FieldProblem, plain, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../references/parse.ts";
import { isNamedBy } from "../../references/resolve-reference.ts";

/** Where `spec.image` decides, `imageName` is never resolved: it must be a name of that image. */
export function agree(context: ReviewContext): readonly FieldProblem[] {
  const { bootImage, boot } = context;
  if (bootImage.is !== "resolved" || bootImage.by.form !== "object" || bootImage.by.role !== "boot") return [];
  if (followsImage(context)) return [];
  const { imageName } = boot;
  if (imageName === undefined || imageName.name === "" || isNamedBy(context, bootImage.image, imageName.name))
    return [];
  const { name, displayName } = bootImage.image;
  const names = displayName === undefined ? quote(name) : `${quote(name)} (${plain(displayName)})`;
  const problem: FieldProblem = {
    check: "agree",
    reason: "FieldValueInvalid",
    field: fieldOf(imageName.namePath),
    value: imageName.name,
    why: `${fieldOf(bootImage.by.path)} names another image, ${names}; write that here or leave one of the two out`,
  };
  return [problem];
}
