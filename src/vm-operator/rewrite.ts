import { restore } from "../references/restore.ts";
import { Rewrites } from "../references/rewrites.ts";
import type { Cdrom } from "./cdroms.ts";
import type { MachineContext } from "./context.ts";
import { restoreMachine, restoreTemplate } from "./restore-machine.ts";
import { warnNoUsableName, writeBoot, writeObject } from "./write.ts";

/** What mutation rewrites of a machine; undefined where vm-operator restores the references from its annotation (M21). */
export function rewriteMachine(context: MachineContext): Rewrites | undefined {
  if (context.converted !== undefined) return undefined;
  const rewrites = new Rewrites();
  rewriteBoot(context, rewrites);
  for (const cdrom of context.cdroms) rewriteCdrom(context, cdrom, rewrites);
  return rewrites;
}

function rewriteBoot(context: MachineContext, into: Rewrites): void {
  const { bootImage, changes, target } = context;
  if (bootImage.is === "resolved") writeBoot(context, bootImage.image, into);
  else if (bootImage.is === "absent") warnNoUsableName(context, into);
  else if (bootImage.is === "unchanged" && changes !== undefined) {
    (target.isTemplate ? restoreTemplate : restoreMachine)(context, into);
  }
}

function rewriteCdrom(context: MachineContext, { reference, old, change, lookup }: Cdrom, into: Rewrites): void {
  if (lookup?.is === "resolved") writeObject(reference, old, lookup.image, into);
  else if (change.is === "restoreStored" && old !== undefined) restore(context, { sent: reference, old }, into);
}
