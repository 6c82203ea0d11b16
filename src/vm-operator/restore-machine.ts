import type { Reference } from "../references/parse.ts";
import { restoration, restore, restoreExactly } from "../references/restore.ts";
import type { Rewrites } from "../references/rewrites.ts";
import type { Change } from "../references/stored-reference.ts";
import type { MachineContext } from "./context.ts";

interface ChangedReference {
  readonly change: Change | undefined;
  readonly sent: Reference | undefined;
  readonly old: Reference | undefined;
}

/**
 * UPDATE of a machine (M12, M13): restores exactly what is stored, an empty kind and an absent `spec.image` included,
 * because vm-operator compares them as they are (validateImageOnUpdate).
 */
export function restoreMachine(context: MachineContext, into: Rewrites): void {
  if (context.parsed.malformed.length > 0) return;
  for (const reference of bootReferences(context)) {
    const kept = reference.change?.is === "same" || reference.change?.is === "restoreStored";
    const found = kept ? restoration(reference.sent, reference.old) : undefined;
    if (found !== undefined) restoreExactly(context, found, into);
  }
}

/** UPDATE of a template (M20): restores the stored value of a reference that does not change. */
export function restoreTemplate(context: MachineContext, into: Rewrites): void {
  for (const reference of bootReferences(context)) {
    const isRestored = reference.change?.is === "restoreStored";
    const found = isRestored ? restoration(reference.sent, reference.old) : undefined;
    if (found !== undefined) restore(context, found, into);
  }
}

function bootReferences({ boot, oldBoot, changes }: MachineContext): readonly ChangedReference[] {
  return [
    { change: changes?.imageName, sent: boot.imageName, old: oldBoot?.imageName },
    { change: changes?.image, sent: boot.image, old: oldBoot?.image },
  ];
}
