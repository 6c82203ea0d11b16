import { at } from "../common/json.ts";
import { type BootQuestion, type BootReferences, isImageless } from "./boot-references.ts";
import type { Reference } from "../references/parse.ts";
import { type Change, CHANGED, exactChange, SAME, StoredImage } from "../references/stored-reference.ts";
import { bootCdrom } from "./cdroms.ts";
import { isEmpty, resolveReference } from "../references/resolve-reference.ts";
import { cdromBoot } from "./template-boot.ts";

/** vm-operator api/v1alpha6/virtualmachine_types.go: a machine that disaster recovery moved here. */
export const FAILED_OVER_ANNOTATION = "vmoperator.vmware.com/failed-over-vm";

const FAILED_OVER = ["metadata", "annotations", FAILED_OVER_ANNOTATION];

export interface BootChanges {
  readonly imageName: Change;
  readonly image: Change;
}

const BOTH = (change: Change): BootChanges => ({ imageName: change, image: change });

/**
 * UPDATE: applying the original manifest again does not change the image (M12, M13, M20). A value of a wrong type is
 * refused for its type alone. The checks say what follows from a change: a machine keeps its image, a template may get
 * another one.
 */
export function bootChanges(question: BootQuestion, old: BootReferences): BootChanges {
  const { subject, boot } = question;
  if (question.reading.malformed.length > 0) return BOTH(SAME);
  if (subject.privileged && isImageless(boot) && at(subject.object, FAILED_OVER) !== undefined) {
    return BOTH({ is: "unset" });
  }
  // What vm-operator restores from its annotation is never put back, so that /validate, too, sees the spelling.
  if (subject.endpoint === "validate" && subject.restored === undefined) {
    return { imageName: exactChange(boot.imageName, old.imageName), image: exactChange(boot.image, old.image) };
  }
  return subject.isTemplate ? templateChanges(question, old) : machineChanges(question, old);
}

function machineChanges(question: BootQuestion, old: BootReferences): BootChanges {
  const { boot } = question;
  const stored = new StoredImage(question, valuesOf(old));
  return {
    imageName: stored.changeOfFixed(boot.imageName, old.imageName),
    image: stored.changeOfFixed(boot.image, old.image),
  };
}

function templateChanges(question: BootQuestion, old: BootReferences): BootChanges {
  const { boot } = question;
  if (isImageless(boot) && !isImageless(old) && goesToCdrom(question)) return BOTH(CHANGED);
  const stored = new StoredImage(question, valuesOf(old));
  const change = (sent: Reference | undefined, value: Reference | undefined): Change =>
    sent === undefined || value === undefined ? SAME : stored.changeOfChangeable(sent, value, false);
  const changes = { imageName: change(boot.imageName, old.imageName), image: change(boot.image, old.image) };
  return isCorrectedByName(question, changes, stored) ? { ...changes, image: CHANGED } : changes;
}

/** A template that says nothing boots what is stored, unless it is given a CD-ROM to boot from. */
function goesToCdrom(question: BootQuestion): boolean {
  switch (cdromBoot(question).is) {
    case "kept":
      return false;
    case "moved":
      return true;
    case "notFromCdrom": {
      const cdrom = bootCdrom(question.cdroms);
      return cdrom !== undefined && (cdrom.old === undefined || cdrom.change.is === "changed");
    }
  }
}

/** An absent `image` is not put back where it names nothing and the `imageName` beside it names an image. */
function isCorrectedByName(question: BootQuestion, { image }: BootChanges, stored: StoredImage): boolean {
  const { imageName } = question.boot;
  if (image.is !== "putBack" || !isEmpty(question.boot.image) || imageName === undefined || isEmpty(imageName)) {
    return false;
  }
  return stored.namesNothing === true && resolveReference(question, imageName).is === "resolved";
}

/** The stored references to the image that boots; `spec.image` decides where it is set. */
function valuesOf({ image, imageName }: BootReferences): readonly Reference[] {
  return [image, imageName].filter((value) => value !== undefined);
}
