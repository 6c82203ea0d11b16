import { textAt } from "../../common/json.ts";
import type { ReviewContext } from "../../references/context.ts";
import type { FieldProblem } from "../../references/field-error.ts";
import { fieldOf } from "../../references/parse.ts";

/** A machine with CD-ROMs says what its guest is: an ISO image does not (vm-operator validateCdrom). */
export function* cdromGuestId({ cdroms, subject }: ReviewContext): Iterable<FieldProblem> {
  const path = [...subject.root, "spec", "guestID"];
  if (!cdroms.some(({ image }) => image !== undefined) || textAt(subject.object, path) !== "") return;
  if (textAt(subject.restored?.machine, ["spec", "guestID"]) !== "") return;
  yield {
    check: "cdrom-guest-id",
    reason: "FieldValueRequired",
    field: fieldOf(path),
    why: "a VM with CD-ROMs needs the vSphere ID of its guest operating system, such as ubuntu64Guest",
  };
}
