import { at, isJsonObject, type JsonObject } from "../common/json.ts";
import { VERSIONS } from "../vm-operator/rows.ts";

/** Keys and values of all annotations of an object, in bytes (apimachinery ValidateAnnotations, TotalAnnotationSizeLimitB). */
const API_SERVER_LIMIT = 256 * 1_024;

/** Left free for the annotations that vm-operator adds behind this webhook, such as its build version. */
const ADDED_BY_VM_OPERATOR = 1_024;

/**
 * vm-operator shows an object of an older version with annotation `vmoperator.vmware.com/conversion`: spec and status of the
 * newest version as JSON (api/utilconversion MarshalData). The newest version has more fields: twice the bytes are left free.
 */
const CONVERSION_FACTOR = 2;
const [, ...CONVERTED] = VERSIONS;

/** Bytes that the annotations of an object of this version may have; a status that was not sent is the stored one. */
export function roomForAnnotations(object: JsonObject, oldObject: JsonObject | undefined, version: string): number {
  const room = API_SERVER_LIMIT - ADDED_BY_VM_OPERATOR;
  if (!CONVERTED.some((each) => each === version)) return room;
  const converted = jsonBytes(object["spec"]) + jsonBytes(object["status"] ?? oldObject?.["status"]);
  return Math.max(0, room - CONVERSION_FACTOR * converted);
}

/** Bytes of an object's annotations once this one has this value. */
export function annotationBytes(object: JsonObject, key: string, value: string): number {
  const annotations = at(object, ["metadata", "annotations"]);
  const others = isJsonObject(annotations) ? Object.entries(annotations).filter(([each]) => each !== key) : [];
  return [...others, [key, value] as const].reduce(
    (bytes, [name, text]) => bytes + Buffer.byteLength(name) + (typeof text === "string" ? Buffer.byteLength(text) : 0),
    0,
  );
}

/**
 * As Go writes it, which escapes `<`, `>` and `&` in six bytes (encoding/json). `Infinity` for a value that is nested too
 * deep for `JSON.stringify`: its size is not known.
 */
function jsonBytes(value: unknown): number {
  if (value === undefined) return 0;
  try {
    const text = JSON.stringify(value);
    return Buffer.byteLength(text) + 5 * (text.match(/[<>&]/g)?.length ?? 0);
  } catch {
    return Infinity;
  }
}
