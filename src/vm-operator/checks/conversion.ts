import type { ReviewContext } from "../../references/context.ts";
import { CONVERSION_ANNOTATION } from "../conversion.ts";
import { type FieldProblem, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../references/parse.ts";

const REMEDY = `remove annotation ${CONVERSION_ANNOTATION} and metadata.generation from the manifest`;
/** validateInstanceUUID of vm-operator's virtualmachine_validator.go. */
const ALSO = "(of an ordinary caller vm-operator refuses that annotation in any case: it restores spec.instanceUUID)";

/**
 * CREATE in v1alpha1 and v1alpha2: vm-operator boots what its own annotation says, not what is written. Decided at
 * `/mutate`, because the object comes back from vm-operator with a fresh annotation that agrees.
 */
export function* conversion(context: ReviewContext): Iterable<FieldProblem> {
  const { boot, restoredBoot } = context;
  if (restoredBoot === undefined || boot.imageName === undefined) return;
  if (restoredBoot.is === "other") {
    const { name: value, namePath } = boot.imageName;
    const taken = restoredBoot.name === "" ? "no image" : quote(restoredBoot.name);
    const why = `vm-operator takes ${taken} from its annotation instead; ${REMEDY} ${ALSO}`;
    yield { check: "conversion", reason: "FieldValueInvalid", field: fieldOf(namePath), value, why };
  }
  for (const { image, reference } of context.cdroms) {
    if (image?.is !== "resolved" || image.image.name === reference.name) continue;
    const why = `a CD-ROM of the annotation names its image by a display name, which vm-operator does not find; ${REMEDY}`;
    const field = fieldOf(reference.namePath);
    yield { check: "conversion", reason: "FieldValueInvalid", field, value: reference.name, why };
  }
}
