import { type Image, VMI_ID_PREFIX } from "../images/image.ts";
import { namespacedTwin } from "../images/resolve.ts";
import { bootCdrom, type Cdrom } from "./cdroms.ts";
import type { BootQuestion, BootReferences } from "./boot-references.ts";
import type { Reference } from "./reading.ts";
import { isEmpty, isSame, type ReferenceImage, resolveReference } from "./reference-image.ts";
import { cdromBoot } from "./template-boot.ts";

/** What the boot references of an object mean together. */
export type BootImage =
  | ReferenceImage
  | { readonly is: "absent" }
  | { readonly is: "unchanged" }
  /** A value of a wrong type: mutation leaves it, validation refuses it by its type. */
  | { readonly is: "malformed" };

/** Design section 5: `spec.image` decides where it is set, else `spec.imageName`, else a CD-ROM. */
export function resolveBoot(question: BootQuestion): BootImage {
  if (question.reading.malformed.length > 0) return { is: "malformed" };
  const followed = cdromBoot(question);
  if (followed.is === "moved") return fromCdrom(question, followed.cdrom);
  const by = decidingReference(question);
  if (by === undefined) return fromCdrom(question, bootCdrom(question.cdroms));
  const meant = resolveReference(question, by);
  return meant.is === "resolved" && isBesideImageName(question.boot, meant.image)
    ? theNamespacedOne(question, meant.by, meant.image)
    : meant;
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

/** M18: as if `imageName` had been sent with the object name of the CD-ROM's image. */
function fromCdrom(question: BootQuestion, cdrom: Cdrom | undefined): BootImage {
  const meant = cdrom === undefined ? undefined : (cdrom.image ?? resolveReference(question, cdrom.reference));
  if (meant?.is !== "resolved" || !meant.image.name.startsWith(VMI_ID_PREFIX)) return { is: "absent" };
  return theNamespacedOne(question, meant.by, meant.image);
}

/** Whether `imageName` is set, or will be (M7). */
function isBesideImageName({ imageName, hasCdroms }: BootReferences, image: Image): boolean {
  return !isEmpty(imageName) || (hasCdroms && image.name.startsWith(VMI_ID_PREFIX));
}

/**
 * M9: beside an `imageName`, the namespaced image of the same object name is meant even where the kind says Cluster:
 * vm-operator resolves VMI IDs so (pkg/util/vmopv1/vm.go ResolveImageName).
 */
function theNamespacedOne({ subject, index }: BootQuestion, by: Reference, found: Image): ReferenceImage {
  const image = namespacedTwin(index, subject.namespace, found);
  if (image.kind === "ClusterVirtualMachineImage" && !index.isSynced("VirtualMachineImage")) {
    return { is: "notSynced", kind: "VirtualMachineImage", by };
  }
  return { is: "resolved", by, image };
}
