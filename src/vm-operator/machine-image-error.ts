import type { FieldError } from "../references/field-error.ts";
import { imageError, type ImageProblem } from "../references/image-error.ts";
import type { MachineContext } from "./context.ts";

/** Reports at `imageName` where it has a name: a person wrote that, while mutation may have written `spec.image`. */
export function machineImageError({ boot }: Pick<MachineContext, "boot">, fault: ImageProblem): FieldError {
  const { imageName } = boot;
  const isBoot = fault.reference.role === "boot" && imageName?.name !== undefined;
  return imageError(isBoot ? { ...fault, reference: imageName } : fault);
}
