import { at } from "../common/json.ts";
import type { Reference } from "../references/parse.ts";
import { isEmpty, resolveReference } from "../references/resolve-reference.ts";
import { type Change, CHANGED, exactChange, SAME, StoredReference } from "../references/stored-reference.ts";
import { type BootReferences, isImageless } from "./boot-references.ts";
import { bootCdrom } from "./cdroms.ts";
import type { MachineContext, MachineReferences } from "./context.ts";
import { cdromBoot } from "./template-boot.ts";

/** vm-operator api/v1alpha6/virtualmachine_types.go: a machine that disaster recovery moved here. */
export const FAILED_OVER_ANNOTATION = "vmoperator.vmware.com/failed-over-vm";

const FAILED_OVER = ["metadata", "annotations", FAILED_OVER_ANNOTATION];

export interface BootChanges {
  readonly imageName: Change;
  readonly image: Change;
}

/** A boot reference of both objects of an UPDATE, with the result of comparing them. */
export interface BootFieldChange {
  readonly change: Change;
  readonly sent: Reference;
  readonly old: Reference;
}

/** The boot references that both objects have, `imageName` first. */
export function bootFieldChanges({
  changes,
  boot,
  oldBoot,
}: Pick<MachineContext, "changes" | "boot" | "oldBoot">): readonly BootFieldChange[] {
  return (["imageName", "image"] as const).flatMap((field) => {
    const [change, sent, old] = [changes?.[field], boot[field], oldBoot?.[field]];
    return change === undefined || sent === undefined || old === undefined ? [] : { change, sent, old };
  });
}

function forBothFields(change: Change): BootChanges {
  return { imageName: change, image: change };
}

/**
 * Compares the boot references of an UPDATE with the stored ones. Applying the original manifest again does not change
 * the image (M12, M13, M20). Checks decide what follows from a change: a machine keeps its image, a template may get
 * another one.
 */
export function bootChanges(context: MachineReferences, old: BootReferences): BootChanges {
  const { target, boot } = context;
  if (context.parsed.malformed.length > 0) return forBothFields(SAME);
  if (target.privileged && isImageless(boot) && at(target.object, FAILED_OVER) !== undefined) {
    return forBothFields({ is: "unset" });
  }
  // What vm-operator restores from its annotation is not restored here, so /validate sees the sent spelling, too.
  if (target.endpoint === "validate" && context.converted === undefined) {
    return { imageName: exactChange(boot.imageName, old.imageName), image: exactChange(boot.image, old.image) };
  }
  return target.isTemplate ? templateChanges(context, old) : machineChanges(context, old);
}

function machineChanges(context: MachineReferences, old: BootReferences): BootChanges {
  const { boot } = context;
  const isKindWrittenByMutation = (sent: Reference, value: Reference): boolean =>
    hasImageName(boot, old) && isNamespacedByMutation(sent, value);
  const stored = new StoredReference(context, valuesOf(old), isKindWrittenByMutation);
  return {
    imageName: stored.compareImmutable(boot.imageName, old.imageName),
    image: stored.compareImmutable(boot.image, old.image),
  };
}

/** Whether one of the two objects has an `imageName`. */
function hasImageName(boot: BootReferences, old: BootReferences): boolean {
  return boot.imageName?.name !== undefined || old.imageName?.name !== undefined;
}

/** M9 writes the namespaced kind in place of Cluster together with an `imageName`. */
function isNamespacedByMutation(sent: Reference, old: Reference): boolean {
  return sent.kind === "ClusterVirtualMachineImage" && old.kind === "VirtualMachineImage";
}

function templateChanges(context: MachineReferences, old: BootReferences): BootChanges {
  const { boot } = context;
  if (isImageless(boot) && !isImageless(old) && goesToCdrom(context)) return forBothFields(CHANGED);
  const stored = new StoredReference(context, valuesOf(old));
  const change = (sent: Reference | undefined, value: Reference | undefined): Change =>
    sent === undefined || value === undefined ? SAME : stored.compareMutable(sent, value, false);
  const changes = { imageName: change(boot.imageName, old.imageName), image: change(boot.image, old.image) };
  return isCorrectedByName(context, changes, stored) ? { ...changes, image: CHANGED } : changes;
}

/** A template without boot references boots what is stored, unless it gets a CD-ROM to boot from. */
function goesToCdrom(context: MachineReferences): boolean {
  switch (cdromBoot(context).is) {
    case "kept":
      return false;
    case "moved":
      return true;
    case "notFromCdrom": {
      const cdrom = bootCdrom(context.cdroms);
      return cdrom !== undefined && (cdrom.old === undefined || cdrom.change.is === "changed");
    }
  }
}

/** An absent `image` is not restored where its name means no image and the `imageName` together with it means one. */
function isCorrectedByName(context: MachineReferences, { image }: BootChanges, stored: StoredReference): boolean {
  const { imageName } = context.boot;
  if (image.is !== "restoreStored" || !isEmpty(context.boot.image) || imageName === undefined || isEmpty(imageName)) {
    return false;
  }
  return stored.namesNothing === true && resolveReference(context, imageName).is === "resolved";
}

/** The stored references to the image that boots; `spec.image` decides where it is set. */
function valuesOf({ image, imageName }: BootReferences): readonly Reference[] {
  return [image, imageName].filter((value) => value !== undefined);
}
