import type { ParsedReferences, Reference } from "../references/parse.ts";
import { isEmpty, isSame } from "../references/resolve-reference.ts";
import type { MachineReferences } from "./context.ts";

/** The references that say what a machine boots from. */
export interface BootReferences {
  /** `spec.imageName`, without a name where it is absent; undefined for a kind that is not a machine. */
  readonly imageName: Reference | undefined;
  /** `spec.image`; undefined in versions that do not have it. */
  readonly image: Reference | undefined;
  readonly hasCdroms: boolean;
}

export function bootReferencesOf({ references }: ParsedReferences): BootReferences {
  return {
    imageName: references.find(({ role, form }) => role === "boot" && form === "name"),
    image: references.find(({ role, form }) => role === "boot" && form === "object"),
    hasCdroms: references.some(({ role }) => role === "cdrom"),
  };
}

/** Whether an object names nothing to boot from: such machines are imported or restored (vm-operator PR 814). */
export function isImageless({ imageName, image }: BootReferences): boolean {
  return isEmpty(imageName) && isEmpty(image);
}

export function changedFrom(boot: BootReferences, old: BootReferences): boolean {
  return !isSame(boot.imageName, old.imageName) || !isSame(boot.image, old.image);
}

/**
 * Whether an UPDATE changes `image` alone: then `imageName` is what mutation once wrote, or an oversight, and follows.
 * (A manifest that is applied again sends the name as it is written there, not the stored ID.)
 */
export function imageNameFollowsImage({
  target,
  boot,
  oldBoot,
}: Pick<MachineReferences, "target" | "boot" | "oldBoot">): boolean {
  if (target.endpoint !== "mutate" || oldBoot === undefined || isEmpty(boot.image)) return false;
  return isSame(boot.imageName, oldBoot.imageName) && !isSame(boot.image, oldBoot.image);
}
