import { isImageless } from "../boot-references.ts";
import { isAdmittedAsSent } from "../admitted-as-sent.ts";
import type { MachineContext } from "../context.ts";
import type { FieldError } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import { ISO_LABEL, listCommand } from "../list-command.ts";
import type { Reference } from "../../references/parse.ts";
import type { AdmissionTarget } from "../../references/target.ts";

/**
 * A machine needs something to boot from. Privileged callers import and restore machines without an image
 * (vm-operator PR 524 and 814).
 */
export function* required(context: MachineContext): Iterable<FieldError> {
  const { target } = context;
  for (const { is, reference } of context.lookups) {
    if (is !== "nameless") continue;
    const onlyWarns = isAdmittedAsSent(context, reference);
    const field = fieldOf(reference.namePath);
    yield { check: "required", reason: "FieldValueRequired", field, ...nameless(reference, target), onlyWarns };
  }
  const { imageName } = context.boot;
  if (imageName === undefined || !hasNothingToBootFrom(context)) return;
  yield {
    check: "required",
    reason: "FieldValueRequired",
    field: fieldOf(imageName.namePath),
    why: "the VM has nothing to boot from",
    remedy: `write the display name or VMI ID of an image (${listCommand(target)} lists them)`,
  };
}

function nameless({ role }: Reference, target: AdmissionTarget): Pick<FieldError, "why" | "remedy"> {
  const write = "write the display name or VMI ID of an";
  return role === "cdrom"
    ? { why: "a CD-ROM needs an image", remedy: `${write} ISO image (${listCommand(target, [ISO_LABEL])} lists them)` }
    : { why: "a kind alone names no image", remedy: `${write} image (${listCommand(target)} lists them)` };
}

/** A template has no privilege: vm-operator's own account makes machines from it. */
function hasNothingToBootFrom({ bootImage, boot, target, converted }: MachineContext): boolean {
  if (converted !== undefined && !(isImageless(converted.boot) && converted.cdroms.length === 0)) return false;
  if (target.privileged && !target.isTemplate) return false;
  return bootImage.is === "absent" && isImageless(boot) && !boot.hasCdroms;
}
