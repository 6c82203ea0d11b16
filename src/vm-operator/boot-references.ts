import type { Cdrom } from "./cdroms.ts";
import type { Reading, Reference } from "../references/parse.ts";
import { isEmpty, isSame, type Question } from "../references/resolve-reference.ts";

/** The references that say what a machine boots from. */
export interface BootReferences {
  /** `spec.imageName`, "" where absent; undefined for a kind that is no machine. */
  readonly imageName: Reference | undefined;
  /** `spec.image`; undefined in versions that do not have it. */
  readonly image: Reference | undefined;
  readonly hasCdroms: boolean;
}

/** What boot references are judged by. */
export interface BootQuestion extends Question {
  readonly boot: BootReferences;
  readonly oldBoot: BootReferences | undefined;
  readonly cdroms: readonly Cdrom[];
}

export function bootOf({ references }: Reading): BootReferences {
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
 * On an UPDATE that changes `image` alone, `imageName` is what mutation once wrote, or what somebody forgot: it follows.
 * (A manifest that is applied again sends the name as it was written there, not the stored ID.)
 */
export function followsImage({ subject, boot, oldBoot }: BootQuestion): boolean {
  if (subject.endpoint !== "mutate" || oldBoot === undefined || isEmpty(boot.image)) return false;
  return isSame(boot.imageName, oldBoot.imageName) && !isSame(boot.image, oldBoot.image);
}
