import { restore, restoreExactly } from "../references/restore.ts";
import type { Rewrites } from "../references/rewrites.ts";
import { bootFieldChanges } from "./boot-changes.ts";
import type { MachineContext } from "./context.ts";

/**
 * UPDATE of a machine (M12, M13): restores exactly what is stored, an empty kind and an absent `spec.image` included,
 * because vm-operator compares them as they are (validateImageOnUpdate).
 */
export function restoreMachine(context: MachineContext, into: Rewrites): void {
  if (context.parsed.malformed.length > 0) return;
  for (const field of bootFieldChanges(context)) {
    const isKept = field.change.is === "same" || field.change.is === "restoreStored";
    if (isKept) restoreExactly(context, field, into);
  }
}

/** UPDATE of a template (M20): restores the stored value of a reference that does not change. */
export function restoreTemplate(context: MachineContext, into: Rewrites): void {
  for (const field of bootFieldChanges(context)) {
    if (field.change.is === "restoreStored") restore(context, field, into);
  }
}
