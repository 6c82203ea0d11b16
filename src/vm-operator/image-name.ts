import type { ReviewContext } from "../references/context.ts";
import { type Image, isClusterScopedVmImage } from "../images/image.ts";
import { find, type ResolutionMode } from "../images/resolve.ts";

/**
 * The name that vm-operator, called after this webhook, resolves to exactly this image (M8): the object name, else the
 * display name; undefined where neither does. A display name must resolve to the image here, too, because a reinvocation
 * and `/validate` resolve it again; an image that is being deleted has no display name (R6).
 */
export function imageNameFor(context: ReviewContext, image: Image): string | undefined {
  if (resolvesExactlyTo(context, image.name, image)) return image.name;
  const { displayName } = image;
  return displayName !== undefined &&
    resolvesExactlyTo(context, displayName, image) &&
    resolvesExactlyTo(context, displayName, image, context.policy.resolution)
    ? displayName
    : undefined;
}

/**
 * Whether vm-operator's own resolver (pkg/util/vmopv1/vm.go ResolveImageName) takes this name for exactly this image. A
 * vm-operator whose VirtualMachineImages are images of the cluster knows object names only, which are not `vmi-` there.
 */
export function resolvesExactlyTo(
  { index, target }: ReviewContext,
  name: string,
  image: Image,
  resolution: ResolutionMode = "strict",
): boolean {
  if (isClusterScopedVmImage(image)) return name === image.name;
  const found = find(index, { namespace: target.namespace, name }, resolution);
  return found?.is === "resolved" && found.image === image;
}
