import { VMI_ID_PREFIX } from "../images/image.ts";
import { find } from "../images/resolve.ts";
import { at } from "../json.ts";
import { type BootQuestion, type BootReferences, isImageless } from "./boot-references.ts";
import type { Reference } from "./reading.ts";
import { type Change, exactChange, SAME, StoredImage } from "./stored-image.ts";
import { cdromBoot } from "./template-boot.ts";

/** vm-operator api/v1alpha6/virtualmachine_types.go: a machine that disaster recovery moved here. */
export const FAILED_OVER_ANNOTATION = "vmoperator.vmware.com/failed-over-vm";

const FAILED_OVER = ["metadata", "annotations", FAILED_OVER_ANNOTATION];
const REMOVED: Change = { is: "changed", namesOtherImage: false };

export interface BootChanges {
  readonly imageName: Change;
  readonly image: Change;
}

/**
 * Design section 5, UPDATE: whoever applies the original manifest again does not change the image. A value of a wrong
 * type is refused for its type alone. What follows from a change is for the checks to say: a machine keeps its image,
 * a template may get another one.
 */
export function bootChanges(question: BootQuestion, old: BootReferences): BootChanges {
  const { subject, boot } = question;
  if (question.reading.malformed.length > 0) return { imageName: SAME, image: SAME };
  if (subject.privileged && isImageless(boot) && at(subject.object, FAILED_OVER) !== undefined) {
    return { imageName: { is: "unset" }, image: { is: "unset" } };
  }
  if (subject.endpoint === "validate") {
    return { imageName: exactChange(boot.imageName, old.imageName), image: exactChange(boot.image, old.image) };
  }
  // From a template the image may go, as long as something stays to boot from.
  const isRemoved = subject.isTemplate && isImageless(boot) && !isImageless(old);
  if (isRemoved && cdromBoot(question).is !== "kept") return { imageName: REMOVED, image: REMOVED };
  const stored = storedBoot(question, old);
  return { imageName: stored.change(boot.imageName, old.imageName), image: stored.change(boot.image, old.image) };
}

/** The image that a stored object boots from. */
function storedBoot(question: BootQuestion, old: BootReferences): StoredImage {
  const meaning = meaningOfStoredName(question, old);
  const meant = meaning?.is === "resolved" ? meaning.image.name : idIn(old.imageName);
  return new StoredImage(question, {
    objectName: old.image?.name || meant,
    values: [old.imageName, old.image].filter((value) => value !== undefined),
    unsynced: meaning?.is === "notSynced" ? meaning : undefined,
  });
}

/** A stored VMI ID says which image it is, even when the image is gone. */
function idIn(imageName: Reference | undefined): string | undefined {
  return imageName?.name.startsWith(VMI_ID_PREFIX) === true ? imageName.name : undefined;
}

/** What a stored `imageName` means now, where no `spec.image` says it. */
function meaningOfStoredName(
  { subject, index, policy }: BootQuestion,
  { imageName, image }: BootReferences,
): ReturnType<typeof find> {
  if (imageName === undefined || imageName.name === "" || (image !== undefined && image.name !== "")) return undefined;
  return find(index, { namespace: subject.namespace, name: imageName.name }, policy.resolution);
}
