import type { MachineContext } from "../context.ts";
import { CONVERSION_ANNOTATION } from "../conversion.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";

const REMEDY = `remove annotation ${CONVERSION_ANNOTATION} and metadata.generation from the manifest`;
/** validateInstanceUUID of vm-operator's virtualmachine_validator.go. */
const ALSO = "(of an ordinary caller vm-operator refuses that annotation in any case: it restores spec.instanceUUID)";

/**
 * CREATE in v1alpha1 and v1alpha2: vm-operator boots the image of its own annotation, not the written one. `/mutate`
 * checks it, because the object comes back from vm-operator with a new annotation that agrees.
 */
export function* conversion(context: MachineContext): Iterable<FieldError> {
  const { boot, convertedBoot } = context;
  if (convertedBoot === undefined || boot.imageName === undefined) return;
  if (convertedBoot.is === "other") {
    const { name: value = "", namePath } = boot.imageName;
    const taken = convertedBoot.name === undefined ? "no image" : quote(convertedBoot.name);
    const why = `vm-operator takes ${taken} from its annotation instead ${ALSO}`;
    yield { check: "conversion", reason: "FieldValueInvalid", field: fieldOf(namePath), value, why, remedy: REMEDY };
  }
  for (const { lookup, reference } of context.cdroms) {
    if (lookup?.is !== "resolved" || lookup.image.name === reference.name) continue;
    const why = "a CD-ROM of the annotation names its image by a display name, which vm-operator does not find";
    const field = fieldOf(reference.namePath);
    yield { check: "conversion", reason: "FieldValueInvalid", field, value: reference.name, why, remedy: REMEDY };
  }
}
