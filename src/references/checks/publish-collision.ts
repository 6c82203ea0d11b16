import { type Image, isClusterScopedVmImage, isVmImageKind, libraryOf, VMI_ID_PREFIX } from "../../images/image.ts";
import type { ReviewContext } from "../context.ts";
import { createdNameOf } from "../created-name.ts";
import { type FieldProblem, plain, quote } from "../problem.ts";
import { fieldOf } from "../reading.ts";
import type { CreatedName } from "../row.ts";

const REMEDIES: Readonly<Record<CreatedName["is"], string>> = {
  field: "choose another name",
  fieldOrDefault: "choose another item name",
  prefixed: "choose another name for the request",
};

/**
 * The display names that a publish request makes stay unambiguous: vm-operator refuses the same name in the same
 * library only (virtualmachinepublishrequest_controller.go).
 */
export function* publishCollision(context: ReviewContext): Iterable<FieldProblem> {
  const { reading, subject } = context;
  if (subject.operation !== "CREATE" || reading.malformed.length > 0) return;
  for (const reference of reading.references) {
    const { createdName, images, namePath } = reference;
    if (createdName === undefined || !images.every(isVmImageKind)) continue;
    const name = createdNameOf(subject.object, reference);
    const why = whyNot(context, name);
    if (why === undefined) continue;
    yield {
      check: "publish-collision",
      reason: "FieldValueInvalid",
      field: fieldOf(namePath),
      value: name,
      why: `${why}; ${REMEDIES[createdName.is]}`,
    };
  }
}

function whyNot({ index, subject, policy }: ReviewContext, name: string): string | undefined {
  if (name === "") return undefined;
  if (name.startsWith(VMI_ID_PREFIX)) {
    return `vm-operator reads a name that begins with ${VMI_ID_PREFIX} as a VMI ID, and never as a display name`;
  }
  const { namespace } = subject;
  // vm-operator's own rule counts images that are being deleted.
  const isStrict = policy.resolution === "strict";
  const present = (images: readonly Image[]): Image | undefined =>
    images.find(({ terminating }) => isStrict || !terminating);
  const ofNamespace = present(index.namespaced(namespace).byDisplayName(name));
  if (ofNamespace !== undefined) {
    const place = isClusterScopedVmImage(ofNamespace) ? "in the cluster" : `in namespace ${quote(namespace)}`;
    return `${described(ofNamespace)} ${place} has this display name, so that it would be ambiguous`;
  }
  const ofCluster = present(index.cluster().byDisplayName(name));
  if (ofCluster === undefined) return undefined;
  const has = `${described(ofCluster)} in the cluster has this display name`;
  // The image that is published is of the namespace.
  return isStrict
    ? `${has}, so that it would be ambiguous`
    : `${has}; in namespace ${quote(namespace)} it would mean the new image instead`;
}

function described(image: Image): string {
  const library = libraryOf(image);
  return `image ${plain(image.name)}${library === undefined ? "" : ` (${plain(library)})`}`;
}
