import { type Image, type ImageKind, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "../images/image.ts";
import { preferNamespaced } from "../images/resolve.ts";
import { bootCdrom, type Cdrom } from "./cdroms.ts";
import type { BootQuestion, BootReferences } from "./boot-references.ts";
import type { Reference } from "./reading.ts";
import { isEmpty, isSame, type ReferenceImage, resolveReference } from "./reference-image.ts";
import { imageNameFor } from "./image-name.ts";
import { cdromBoot } from "./template-boot.ts";

/** What the boot references of an object mean together. */
export type BootImage =
  | ReferenceImage
  | { readonly is: "absent" }
  | { readonly is: "unchanged" }
  /** A value of a wrong type: mutation leaves it, validation refuses it by its type. */
  | { readonly is: "malformed" };

/** `spec.image` decides where it is set, else `spec.imageName`, else a CD-ROM. */
export function resolveBoot(question: BootQuestion): BootImage {
  if (question.reading.malformed.length > 0) return { is: "malformed" };
  if (question.subject.restored !== undefined) return writtenBoot(question);
  const followed = cdromBoot(question);
  if (followed.is === "moved") return fromCdrom(question, followed.cdrom);
  const by = decidingReference(question);
  if (by === undefined) return fromCdrom(question, bootCdrom(question.cdroms));
  const meant = resolveReference(question, by);
  return meant.is === "resolved" && isBesideImageName(question.boot)
    ? asReadByVmOperator(question, meant.by, meant.image)
    : meant;
}

/** vm-operator restores another reference: what is written says which image other checks look at, and is not judged. */
function writtenBoot(question: BootQuestion): BootImage {
  const { imageName } = question.boot;
  if (imageName === undefined || imageName.name === "") return { is: "absent" };
  const meant = resolveReference(question, imageName);
  return meant.is === "resolved" || meant.is === "notSynced" ? meant : { is: "unchanged" };
}

/**
 * On an UPDATE that the policy lets through, the reference that changed says what is wanted now; at `/validate` the
 * mutated object is judged as it stands.
 */
function decidingReference({ subject, boot, oldBoot }: BootQuestion): Reference | undefined {
  const { imageName, image } = boot;
  const imageIsKept = subject.endpoint === "mutate" && oldBoot !== undefined && isSame(image, oldBoot.image);
  if (!isEmpty(image) && !(imageIsKept && !isEmpty(imageName))) return image;
  return isEmpty(imageName) ? undefined : imageName;
}

/** M18: as if `imageName` had been sent with the name of the CD-ROM's image that vm-operator reads as that image. */
function fromCdrom(question: BootQuestion, cdrom: Cdrom | undefined): BootImage {
  const meant = cdrom === undefined ? undefined : (cdrom.image ?? resolveReference(question, heldBy(cdrom)));
  if (meant?.is !== "resolved") return { is: "absent" };
  const read = asReadByVmOperator(question, meant.by, meant.image);
  return read.is === "resolved" && imageNameFor(question, read.image) === undefined ? { is: "absent" } : read;
}

/** What a CD-ROM without a new image holds after mutation. */
function heldBy({ reference, old, change }: Cdrom): Reference {
  return change.is === "putBack" && old !== undefined ? { ...reference, name: old.name, kind: old.kind } : reference;
}

/** Whether `imageName` is set, or has to be written (M7). */
function isBesideImageName({ imageName, hasCdroms }: BootReferences): boolean {
  return !isEmpty(imageName) || hasCdroms;
}

/**
 * M9: beside an `imageName`, the namespaced image of the same VMI ID is meant even where the kind says Cluster:
 * vm-operator resolves VMI IDs so (pkg/util/vmopv1/vm.go ResolveImageName). With resolution `strict` a cluster image
 * stays where its display name says exactly that one.
 */
function asReadByVmOperator(question: BootQuestion, by: Reference, found: Image): ReferenceImage {
  const { subject, index, policy } = question;
  const unsynced = unsyncedForName(question, found);
  if (unsynced !== undefined) return { is: "notSynced", kind: unsynced, by };
  const isKept = !found.name.startsWith(VMI_ID_PREFIX) || policy.resolution === "strict";
  if (isKept && imageNameFor(question, found) !== undefined) return { is: "resolved", by, image: found };
  return { is: "resolved", by, image: preferNamespaced(index, subject.namespace, found) };
}

/** The kind without which nothing says how vm-operator reads the names of an image. */
function unsyncedForName({ index }: BootQuestion, { kind, name }: Image): ImageKind | undefined {
  if (name.startsWith(VMI_ID_PREFIX) && kind === "VirtualMachineImage") return undefined;
  return VM_IMAGE_KINDS.find((each) => !index.isSynced(each));
}
