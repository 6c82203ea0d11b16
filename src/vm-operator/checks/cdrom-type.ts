import { isVmImage } from "../../images/image.ts";
import { type FieldError, plain } from "../../references/field-error.ts";
import { isAdmittedAsSent } from "../admitted-as-sent.ts";
import type { MachineContext } from "../context.ts";
import { ISO_LABEL, listCommand } from "../list-command.ts";
import { machineImageError } from "../machine-image-error.ts";

/** A CD-ROM holds an ISO image; the type of images before v1alpha3 is unknown (vm-operator cdrom.go, processImage). */
export function* cdromType(context: MachineContext): Iterable<FieldError> {
  for (const { lookup } of context.cdroms) {
    if (lookup?.is !== "resolved" || !isVmImage(lookup.image)) continue;
    const { reference, image } = lookup;
    if (image.type === undefined || image.type === "ISO") continue;
    const why = `the image is of type ${plain(image.type)}, and a CD-ROM needs one of type ISO`;
    const remedy = `choose an ISO image (${listCommand(context.target, [ISO_LABEL])} lists them)`;
    const error = machineImageError(context, { check: "cdrom-type", reference, image, why, remedy });
    yield { ...error, onlyWarns: isAdmittedAsSent(context, reference) };
  }
}
