import { createHash } from "node:crypto";
import { VMI_ID_PREFIX } from "./image.ts";

/** The number of hex digits of the SHA-1 in a VMI ID (vm-operator pkg/util/hash.go, VMIName). */
const HASH_DIGITS = 17;

/** The form of the ID of a content library item. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The VMI ID of a content library item: `vmi-` and the first 17 hex digits of the SHA-1 of the item's ID without its
 * hyphens. vCenter writes a UUID in lower case.
 */
export function vmiId(itemId: string): string {
  return VMI_ID_PREFIX + createHash("sha1").update(itemId.replaceAll("-", "")).digest("hex").slice(0, HASH_DIGITS);
}
