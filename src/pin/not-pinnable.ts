import { fieldOf } from "../common/field-path.ts";
import { at, type JsonObject } from "../common/json.ts";
import { type Image, VMI_ID_PREFIX } from "../images/image.ts";
import { quote } from "../references/field-error.ts";
import type { Reference } from "../references/parse.ts";
import { CONVERSION_ANNOTATION } from "../vm-operator/conversion.ts";

/**
 * Why a name that admission accepts does not become an object name. `image`: what the name means that admission leaves in
 * its place, if that is one image.
 */
export function notPinnable(reference: Reference, object: JsonObject, image: Image | undefined): string {
  const { name, path, form } = reference;
  const isConverted = at(object, ["metadata", "annotations", CONVERSION_ANNOTATION]) !== undefined;
  // M21
  if (isConverted && image?.name.startsWith(VMI_ID_PREFIX) === true) {
    return (
      `${quote(name)}: not pinned: vm-operator takes the image from annotation ${CONVERSION_ANNOTATION}, whatever is ` +
      "written here; remove the annotation and metadata.generation"
    );
  }
  // R2: without a kind, a name that is no VMI ID is a display name first.
  if (form === "object") {
    return `${quote(name)}: not pinned: the object name alone may mean another image; write ${fieldOf([...path, "kind"])}, too`;
  }
  // M8
  const objectName = image === undefined ? "the image's object name" : quote(image.name);
  return (
    `${quote(name)}: not pinned: vm-operator does not find ${objectName} in this field, because it does not begin with ` +
    `${VMI_ID_PREFIX}; in v1alpha3 or newer, write it in ${fieldOf([...path.slice(0, -1), "image", "name"])} with its kind, ` +
    "and leave this field out"
  );
}
