import { textAt } from "../../common/json.ts";
import type { MachineContext } from "../context.ts";
import type { FieldError } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";

/** A machine with CD-ROMs has a guest ID, because an ISO image has none (vm-operator validateCdrom). */
export function* cdromGuestId({ cdroms, target, converted }: MachineContext): Iterable<FieldError> {
  const path = [...target.root, "spec", "guestID"];
  if (!cdroms.some(({ lookup }) => lookup !== undefined) || textAt(target.object, path) !== "") return;
  if (textAt(converted?.machine, ["spec", "guestID"]) !== "") return;
  yield {
    check: "cdrom-guest-id",
    reason: "FieldValueRequired",
    field: fieldOf(path),
    why: "a VM with CD-ROMs needs the vSphere ID of its guest operating system, such as ubuntu64Guest",
  };
}
