import { MAX_ANNOTATION_BYTES } from "../references/annotation-limit.ts";
import type { AdmissionTarget } from "../references/target.ts";
import { VERSIONS } from "./rows.ts";

/** Left free for the annotations that vm-operator adds later, such as its build version. */
const RESERVED_FOR_VM_OPERATOR = 1_024;

/**
 * vm-operator serves an object of an older version with annotation `vmoperator.vmware.com/conversion`: spec and status of
 * the newest version as JSON (api/utilconversion MarshalData). The newest version has more fields: twice the bytes are
 * left free.
 */
const CONVERSION_FACTOR = 2;
const [, ...OLDER_VERSIONS] = VERSIONS;

/** Bytes that the annotations of an object may have; a status that was not sent is the stored one. */
export function annotationRoom({ object, oldObject, version }: AdmissionTarget): number {
  const room = MAX_ANNOTATION_BYTES - RESERVED_FOR_VM_OPERATOR;
  if (!OLDER_VERSIONS.some((each) => each === version)) return room;
  const converted = jsonBytes(object["spec"]) + jsonBytes(object["status"] ?? oldObject?.["status"]);
  return Math.max(0, room - CONVERSION_FACTOR * converted);
}

/**
 * Bytes of JSON as Go writes it, with `<`, `>` and `&` escaped in six bytes (encoding/json). `Infinity` for a value that
 * is nested too deep for `JSON.stringify`: its size is not known.
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
