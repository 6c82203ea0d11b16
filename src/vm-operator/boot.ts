import { type Image, type ImageKind, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "../images/image.ts";
import { preferNamespaced } from "../images/resolve.ts";
import type { Reference } from "../references/parse.ts";
import { isEmpty, isSame, type Lookup, resolveReference } from "../references/resolve-reference.ts";
import type { BootReferences } from "./boot-references.ts";
import { bootCdrom, type Cdrom } from "./cdroms.ts";
import type { MachineReferences } from "./context.ts";
import { imageNameFor } from "./image-name.ts";
import { cdromBoot } from "./template-boot.ts";

/** What the boot references of an object mean together. */
export type BootImage =
  | Lookup
  /** No reference names an image that can be written as `imageName`. */
  | { readonly is: "absent" }
  | { readonly is: "unchanged" }
  /** A value of a wrong type: mutation leaves it, and check `type` refuses it. */
  | { readonly is: "malformed" };

/** `spec.image` decides where it is set, else `spec.imageName`, else a CD-ROM. */
export function resolveBoot(context: MachineReferences): BootImage {
  if (context.parsed.malformed.length > 0) return { is: "malformed" };
  if (context.converted !== undefined) return writtenBoot(context);
  const ofCdrom = cdromBoot(context);
  if (ofCdrom.is === "moved") return fromCdrom(context, ofCdrom.cdrom);
  const reference = decidingReference(context);
  if (reference === undefined) return fromCdrom(context, bootCdrom(context.cdroms));
  const lookup = resolveReference(context, reference);
  return lookup.is === "resolved" && willHaveImageName(context.boot)
    ? imageForVmOperator(context, lookup.reference, lookup.image)
    : lookup;
}

/** vm-operator restores another reference: the written one only tells other checks which image to look at. */
function writtenBoot(context: MachineReferences): BootImage {
  const { imageName } = context.boot;
  if (imageName?.name === undefined) return { is: "absent" };
  const lookup = resolveReference(context, imageName);
  return lookup.is === "resolved" || lookup.is === "notSynced" ? lookup : { is: "unchanged" };
}

/**
 * `spec.image` decides where it is set, except on an UPDATE at `/mutate` that keeps `image` and has an `imageName`: then
 * `imageName` may have changed, and decides.
 */
function decidingReference({ target, boot, oldBoot }: MachineReferences): Reference | undefined {
  const { imageName, image } = boot;
  const imageIsKept = target.endpoint === "mutate" && oldBoot !== undefined && isSame(image, oldBoot.image);
  if (!isEmpty(image) && !(imageIsKept && !isEmpty(imageName))) return image;
  return isEmpty(imageName) ? undefined : imageName;
}

/** M18: as if `imageName` had the name of the CD-ROM's image that vm-operator resolves to that image. */
function fromCdrom(context: MachineReferences, cdrom: Cdrom | undefined): BootImage {
  const lookup =
    cdrom === undefined ? undefined : (cdrom.lookup ?? resolveReference(context, referenceAfterMutation(cdrom)));
  if (lookup?.is !== "resolved") return { is: "absent" };
  const read = imageForVmOperator(context, lookup.reference, lookup.image);
  return read.is === "resolved" && imageNameFor(context, read.image) === undefined ? { is: "absent" } : read;
}

/** The reference of a CD-ROM without a new image, as it is after mutation. */
function referenceAfterMutation({ reference, old, change }: Cdrom): Reference {
  if (change.is !== "restoreStored" || old?.form !== "object" || reference.form !== "object") return reference;
  return { ...reference, name: old.name, kind: old.kind };
}

/** Whether `imageName` is set, or has to be written (M7). */
function willHaveImageName({ imageName, hasCdroms }: BootReferences): boolean {
  return !isEmpty(imageName) || hasCdroms;
}

/**
 * M9: together with an `imageName`, a VMI ID means the namespaced image even where the kind says Cluster: vm-operator resolves
 * VMI IDs so (pkg/util/vmopv1/vm.go ResolveImageName). With resolution `strict` a cluster image stays where its display
 * name means exactly that one.
 */
function imageForVmOperator(context: MachineReferences, reference: Reference, found: Image): Lookup {
  const { target, index, policy } = context;
  const unsynced = unsyncedForName(context, found);
  if (unsynced !== undefined) return { is: "notSynced", kind: unsynced, reference };
  const isKept = !found.name.startsWith(VMI_ID_PREFIX) || policy.resolution === "strict";
  const keepsImage = isKept && imageNameFor(context, found) !== undefined;
  return { is: "resolved", reference, image: keepsImage ? found : preferNamespaced(index, target.namespace, found) };
}

/** The unsynced kind that decides how vm-operator resolves the names of an image. */
function unsyncedForName({ index }: MachineReferences, { kind, name }: Image): ImageKind | undefined {
  if (name.startsWith(VMI_ID_PREFIX) && kind === "VirtualMachineImage") return undefined;
  return VM_IMAGE_KINDS.find((each) => !index.isSynced(each));
}
