import { textAt, textOrNothing } from "../../common/json.ts";
import { isResourceVersion } from "../../common/resource-version.ts";
import { decodeImage } from "../../images/decode/decode-image.ts";
import type { Image, ImageKind } from "../../images/image.ts";
import type { ImageKey } from "../../images/image-index.ts";

/** An object of a list or watch, reduced to what the index keeps of its 4 kB. */
export type ImageObject =
  | { readonly is: "image"; readonly image: Image; readonly resourceVersion: string }
  /** The object exists, but one of its fields has a value that no image may have. */
  | { readonly is: "unusable"; readonly key: ImageKey; readonly resourceVersion: string; readonly why: string }
  /** No API server writes this. */
  | { readonly is: "malformed"; readonly why: string }
  /** The object has another scope than its kind had at the last discovery: the CRD was replaced since. */
  | { readonly is: "otherScope"; readonly why: string };

/** The kind and scope of the objects of a list or watch. */
export interface ServedKind {
  readonly kind: ImageKind;
  /** See `Resource`. */
  readonly namespaced: boolean;
}

export function decodeImageObject(object: unknown, { kind, namespaced }: ServedKind): ImageObject {
  const metadata = (field: string): string => textAt(object, ["metadata", field]);
  const missing = ["name", "uid"].find((field) => metadata(field) === "");
  if (missing !== undefined) return { is: "malformed", why: `an object without metadata.${missing}` };
  const resourceVersion = metadata("resourceVersion");
  if (!isResourceVersion(resourceVersion)) return { is: "malformed", why: "an object without a resourceVersion" };
  const namespace = textOrNothing(object, ["metadata", "namespace"]);
  if (namespaced && namespace === undefined) return { is: "otherScope", why: `a ${kind} without a namespace` };
  if (!namespaced && namespace !== undefined)
    return { is: "otherScope", why: `a ${kind} in a namespace, not of the cluster` };
  const decoded = decodeImage(object);
  if (decoded.is === "malformed") {
    const why = `${decoded.field} ${decoded.why}`;
    return { is: "unusable", key: { kind, namespace, name: metadata("name") }, resourceVersion, why };
  }
  if (decoded.is === "otherKind" || decoded.image.kind !== kind) {
    return { is: "malformed", why: `an object that is no ${kind}` };
  }
  return { is: "image", image: decoded.image, resourceVersion };
}
