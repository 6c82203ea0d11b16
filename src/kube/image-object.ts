import { decodeImage } from "../images/decode-image.ts";
import { type Image, IMAGE_KIND_ROWS, type ImageKind } from "../images/image.ts";
import type { ImageKey } from "../images/image-index.ts";
import { isResourceVersion } from "../images/resource-version.ts";
import { textAt } from "../json.ts";

/** An object of a list or watch, trimmed to what the index keeps: the rest of its 4 kB is dropped here. */
export type ImageObject =
  | { readonly is: "image"; readonly image: Image }
  /** Sound but for a fact that no image may have so: it is known to exist, and means nothing. */
  | { readonly is: "unusable"; readonly key: ImageKey; readonly resourceVersion: string; readonly why: string }
  /** Not what the API server writes. */
  | { readonly is: "malformed"; readonly why: string };

export function imageObject(object: unknown, kind: ImageKind): ImageObject {
  const metadata = (field: string): string => textAt(object, ["metadata", field]);
  const isNamespaced = IMAGE_KIND_ROWS[kind].scope === "Namespaced";
  const missing = ["name", "uid", ...(isNamespaced ? ["namespace"] : [])].find((field) => metadata(field) === "");
  if (missing !== undefined) return { is: "malformed", why: `an object without metadata.${missing}` };
  const resourceVersion = metadata("resourceVersion");
  if (!isResourceVersion(resourceVersion)) return { is: "malformed", why: "an object without a resourceVersion" };
  const decoded = decodeImage(object);
  if (decoded.is === "malformed") {
    const namespace = isNamespaced ? metadata("namespace") : "";
    const why = `${decoded.field} ${decoded.why}`;
    return { is: "unusable", key: { kind, namespace, name: metadata("name") }, resourceVersion, why };
  }
  if (decoded.is === "otherKind" || decoded.image.kind !== kind) {
    return { is: "malformed", why: `an object that is no ${kind}` };
  }
  return decoded;
}
