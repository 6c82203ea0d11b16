import { fieldOf } from "../common/field-path.ts";
import type { Image } from "../images/image.ts";
import { type FieldError, plain } from "./field-error.ts";
import type { Reference } from "./parse.ts";

/** Makes the error of a check about the image that a reference names. */
export type MakeImageError<C> = (context: C, found: ImageProblem) => FieldError;

export interface ImageProblem {
  readonly check: string;
  readonly reference: Reference;
  readonly image: Image;
  readonly why: string;
  readonly remedy?: string;
}

/** An error at the reference, with the image's other name, so that a person knows which image it is about. */
export function imageError({ check, reference, image, why, remedy }: ImageProblem): FieldError {
  const { name, namePath } = reference;
  const otherName = [image.name, image.displayName].find((each) => each !== undefined && each !== name);
  return {
    check,
    reason: "FieldValueInvalid",
    field: fieldOf(namePath),
    value: name ?? "",
    why: otherName === undefined ? why : `${plain(otherName)}: ${why}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}
