import { at, isJsonObject, type JsonObject } from "../common/json.ts";

/** Keys and values of all annotations of an object, in bytes (apimachinery ValidateAnnotations, TotalAnnotationSizeLimitB). */
export const MAX_ANNOTATION_BYTES = 256 * 1_024;

/** Bytes of an object's annotations once this one has this value. */
export function annotationBytes(object: JsonObject, key: string, value: string): number {
  const annotations = at(object, ["metadata", "annotations"]);
  const others = isJsonObject(annotations) ? Object.entries(annotations).filter(([each]) => each !== key) : [];
  return [...others, [key, value] as const].reduce(
    (bytes, [name, text]) => bytes + Buffer.byteLength(name) + (typeof text === "string" ? Buffer.byteLength(text) : 0),
    0,
  );
}
