import type { Image } from "../images/image.ts";
import type { CheckId } from "./policy.ts";
import type { ReviewContext } from "./context.ts";
import { type FieldProblem, plain } from "./field-error.ts";
import { fieldOf, type Reference } from "./parse.ts";

/**
 * A problem of the image that a reference names. It is told at `imageName` where there is one: that is what people
 * write, while `spec.image` may be ours.
 */
export function imageProblem(
  { boot }: ReviewContext,
  by: Reference,
  image: Image,
  problem: { readonly check: CheckId; readonly why: string },
): FieldProblem {
  const told = by.role === "boot" && boot.imageName !== undefined && boot.imageName.name !== "" ? boot.imageName : by;
  const known = [image.name, image.displayName].find((name) => name !== undefined && name !== told.name);
  return {
    check: problem.check,
    reason: "FieldValueInvalid",
    field: fieldOf(told.namePath),
    value: told.name,
    why: known === undefined ? problem.why : `${plain(known)}: ${problem.why}`,
  };
}
