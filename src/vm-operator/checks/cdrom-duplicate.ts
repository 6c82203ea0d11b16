import type { MachineContext } from "../context.ts";
import { ISO_LABEL, listCommand } from "../list-command.ts";
import type { FieldError } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";

/**
 * No two CD-ROMs hold the same image. Kinds do not tell them apart: the same object name in both scopes is the same
 * item of a library (vm-operator validateCdrom).
 */
export function* cdromDuplicate({ cdroms, target }: MachineContext): Iterable<FieldError> {
  const holders = new Map<string, string>();
  const isAnyNew = cdroms.some(({ lookup }) => lookup !== undefined);
  for (const { reference } of isAnyNew ? cdroms : []) {
    const { name } = reference;
    if (name === undefined) continue;
    const field = fieldOf(reference.namePath);
    const holder = holders.get(name);
    if (holder === undefined) {
      holders.set(name, field);
      continue;
    }
    const why = `${holder} holds this image already`;
    const remedy = `choose another one (${listCommand(target, [ISO_LABEL])} lists them), or leave one of the two CD-ROMs out`;
    yield { check: "cdrom-duplicate", reason: "FieldValueDuplicate", field, value: name, why, remedy };
  }
}
