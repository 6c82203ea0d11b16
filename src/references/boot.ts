import { type Image, type ImageKind, isImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { isNameOf, namespacedTwin, type NotSynced, type Resolution, resolve } from "../images/resolve.ts";
import type { Policy } from "./policy.ts";
import type { Reading, Reference } from "./reading.ts";
import type { Subject } from "./subject.ts";

/** The references that say what a machine boots from. */
export interface BootReferences {
  /** `spec.imageName`, "" where absent. */
  readonly imageName: Reference | undefined;
  /** `spec.image`; undefined in versions that do not have it. */
  readonly image: Reference | undefined;
  readonly hasCdroms: boolean;
}

/** What the boot references of an object mean. `by` is the reference that decides, the one that problems name. */
export type BootImage =
  | { readonly is: "resolved"; readonly by: Reference; readonly image: Image }
  | {
      readonly is: "unresolved";
      readonly by: Reference;
      readonly resolution: Exclude<Resolution, { is: "resolved" | "notSynced" }>;
    }
  | { readonly is: "unsupportedKind"; readonly by: Reference }
  /** `spec.image` with a kind and no name. */
  | { readonly is: "nameless"; readonly by: Reference }
  | (NotSynced & { readonly by: Reference })
  | { readonly is: "absent" }
  | { readonly is: "unchanged" }
  /** A value of a wrong type: mutation leaves it, validation refuses it by its type. */
  | { readonly is: "malformed" };

export function bootOf(reading: Reading): BootReferences {
  const boot = reading.references.filter(({ role }) => role === "boot");
  return {
    imageName: boot.find(({ form }) => form === "name"),
    image: boot.find(({ form }) => form === "object"),
    hasCdroms: reading.references.some(({ role }) => role === "cdrom"),
  };
}

/** Whether an object names nothing to boot from: such machines are imported or restored (vm-operator PR 814). */
export function isImageless({ imageName, image }: BootReferences): boolean {
  return isEmpty(imageName) && isEmpty(image);
}

export function isEmpty(reference: Reference | undefined): boolean {
  return reference === undefined || (reference.name === "" && reference.kind === "");
}

export function isSame(one: Reference | undefined, other: Reference | undefined): boolean {
  return (one?.name ?? "") === (other?.name ?? "") && (one?.kind ?? "") === (other?.kind ?? "");
}

export function changedFrom(boot: BootReferences, old: BootReferences): boolean {
  return !isSame(boot.imageName, old.imageName) || !isSame(boot.image, old.image);
}

/** What a boot reference is judged by. */
export interface BootQuestion {
  readonly subject: Subject;
  readonly index: ImageIndex;
  readonly policy: Policy;
  readonly reading: Reading;
  readonly boot: BootReferences;
  readonly oldBoot: BootReferences | undefined;
}

/** Design section 5: `spec.image` decides where it is set, else `spec.imageName`. */
export function resolveBoot(question: BootQuestion): BootImage {
  if (question.reading.malformed.length > 0) return { is: "malformed" };
  const by = decidingReference(question);
  if (by === undefined) return { is: "absent" };
  if (by.name === "") return { is: "nameless", by };
  if (by.kind !== "" && !isImageKind(by.kind)) return { is: "unsupportedKind", by };
  return resolveReference(question, by);
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

function resolveReference(question: BootQuestion, by: Reference): BootImage {
  const { namespace } = question.subject;
  const kind = by.kind === "" ? undefined : (by.kind as ImageKind);
  const resolution = resolve(question.index, { namespace, name: by.name, kind }, question.policy.resolution);
  switch (resolution.is) {
    case "notSynced":
      return { ...resolution, by };
    case "ambiguous":
    case "notFound":
      return { is: "unresolved", by, resolution };
    case "resolved":
      return isBesideImageName(question.boot, resolution.image)
        ? theNamespacedOne(question, by, resolution.image)
        : { is: "resolved", by, image: resolution.image };
  }
}

/** Whether `imageName` is set, or will be (M7). */
function isBesideImageName({ imageName, hasCdroms }: BootReferences, image: Image): boolean {
  return !isEmpty(imageName) || (hasCdroms && image.name.startsWith(VMI_ID_PREFIX));
}

/**
 * M9: beside an `imageName`, the namespaced image of the same object name is meant even where the kind says Cluster:
 * vm-operator resolves VMI IDs so (pkg/util/vmopv1/vm.go ResolveImageName).
 */
function theNamespacedOne({ subject, index }: BootQuestion, by: Reference, found: Image): BootImage {
  const image = namespacedTwin(index, subject.namespace, found);
  if (image.kind === "ClusterVirtualMachineImage" && !index.isSynced("VirtualMachineImage")) {
    return { is: "notSynced", kind: "VirtualMachineImage", by };
  }
  return { is: "resolved", by, image };
}

/** Whether a name is one of this image's; the same object name in the other scope is the same image (R5). */
export function isNamedBy({ index, policy }: BootQuestion, image: Image, name: string): boolean {
  if (isNameOf(image, name, policy.resolution)) return true;
  const twin = index.cluster().byObjectName(image.name);
  return twin !== undefined && isNameOf(twin, name, policy.resolution);
}
