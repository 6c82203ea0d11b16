import { type Image, IMAGE_KIND_ROWS, isVmImage } from "../../src/images/image.ts";

/** What `kubectl get RESOURCES -n NAMESPACE -l LABELS` shows of these images: object names and display names. */
export function listedBy(command: string, images: readonly Image[]): readonly string[] {
  const [, resources = "", namespace, labels = ""] =
    /^kubectl get (\S+)(?: -n (\S+))?(?: -l (\S+))?(?: -o \S+)?$/.exec(command) ?? [];
  const asked = labels.split(",").filter((label) => label !== "");
  return images
    .filter(({ kind }) => resources.split(",").includes(IMAGE_KIND_ROWS[kind].resource))
    .filter((image) => image.namespace === undefined || image.namespace === namespace)
    .filter((image) => asked.every((label) => labelsOf(image).includes(label)))
    .flatMap(({ name, displayName }) => (displayName === undefined ? [name] : [name, displayName]));
}

/** Each as `KEY=VALUE` and as `KEY`. */
function labelsOf(image: Image): readonly string[] {
  if (!isVmImage(image)) return [];
  const capabilities = image.capabilities.map((name) => `capability.image.vmoperator.vmware.com/${name}`);
  return [...capabilities, `image.vmoperator.vmware.com/type=${image.type ?? ""}`];
}
