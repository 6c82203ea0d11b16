import { isImageless } from "../boot.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, quote } from "../problem.ts";
import { fieldOf } from "../reading.ts";

/**
 * A machine needs something to boot from. Privileged callers import and restore machines without an image
 * (vm-operator PR 524 and 814).
 */
export function* required({ bootImage, boot, subject }: ReviewContext): Iterable<FieldProblem> {
  if (bootImage.is === "nameless") {
    yield {
      check: "required",
      reason: "FieldValueRequired",
      field: fieldOf(bootImage.by.namePath),
      why: "a kind alone names no image; write the image's VMI ID or display name",
    };
  }
  if (bootImage.is !== "absent" || !isImageless(boot) || boot.hasCdroms || subject.privileged) return;
  yield {
    check: "required",
    reason: "FieldValueRequired",
    field: "spec.imageName",
    why:
      "the VM has nothing to boot from; write the display name or VMI ID of an image " +
      `(kubectl get vmi,cvmi -n ${subject.namespace === "" ? quote("") : subject.namespace} lists them)`,
  };
}
