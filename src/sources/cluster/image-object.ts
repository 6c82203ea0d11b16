import { decodeImage } from "../../images/decode/decode-image.ts";
import type { Image, ImageKind } from "../../images/image.ts";
import type { ImageKey } from "../../images/image-index.ts";
import { isResourceVersion } from "../../common/resource-version.ts";
import { textAt, textOrNothing } from "../../common/json.ts";

/** An object of a list or watch, trimmed to what the index keeps: the rest of its 4 kB is dropped here. */
export type ImageObject =
  | { readonly is: "image"; readonly image: Image; readonly resourceVersion: string }
  /** Sound but for a fact that no image may have so: it is known to exist, and means nothing. */
  | { readonly is: "unusable"; readonly key: ImageKey; readonly resourceVersion: string; readonly why: string }
  /** Not what the API server writes. */
  | { readonly is: "malformed"; readonly why: string }
  /** Of another scope than its kind had at the last discovery: the CRD has been replaced since. */
  | { readonly is: "otherScope"; readonly why: string };

/** What an object of a list or watch is a member of. */
export interface ServedKind {
  readonly kind: ImageKind;
  /** As in `Resource`. */
  readonly namespaced: boolean;
}

export function imageObject(object: unknown, { kind, namespaced }: ServedKind): ImageObject {
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
