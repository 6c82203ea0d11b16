import { type Image, isClusterScopedVmImage, isVmImageKind, libraryOf, VMI_ID_PREFIX } from "../../images/image.ts";
import type { MachineContext } from "../context.ts";
import { createdNameOf } from "../../references/created-name.ts";
import { type FieldError, plain, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import type { CreatedName } from "../../references/row.ts";

const REMEDIES: Readonly<Record<CreatedName["is"], string>> = {
  field: "choose another name",
  fieldOrDefault: "choose another item name",
  prefixed: "choose another name for the request",
};

/**
 * The display names that a publish request makes stay unambiguous: vm-operator refuses the same name in the same
 * library only (virtualmachinepublishrequest_controller.go).
 */
export function* publishCollision(context: MachineContext): Iterable<FieldError> {
  const { parsed, target } = context;
  if (target.operation !== "CREATE" || parsed.malformed.length > 0) return;
  for (const reference of parsed.references) {
    const { createdName, images, namePath } = reference;
    if (createdName === undefined || !images.every(isVmImageKind)) continue;
    const name = createdNameOf(target.object, reference);
    const why = name === undefined ? undefined : collisionOf(context, name);
    if (why === undefined) continue;
    yield {
      check: "publish-collision",
      reason: "FieldValueInvalid",
      field: fieldOf(namePath),
      value: name,
      why,
      remedy: REMEDIES[createdName.is],
    };
  }
}

function collisionOf({ index, target, policy }: MachineContext, name: string): string | undefined {
  if (name.startsWith(VMI_ID_PREFIX)) {
    return `vm-operator reads a name that begins with ${VMI_ID_PREFIX} as a VMI ID, and never as a display name`;
  }
  const { namespace } = target;
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
    : `${has}; in namespace ${quote(namespace ?? "")} it would mean the new image instead`;
}

function described(image: Image): string {
  const library = libraryOf(image);
  return `image ${plain(image.name)}${library === undefined ? "" : ` (${plain(library)})`}`;
}
