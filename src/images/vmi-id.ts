import { createHash } from "node:crypto";
import { VMI_ID_PREFIX } from "./image.ts";

/** The number of hex digits of the SHA-1 in a VMI ID (vm-operator pkg/util/hash.go, VMIName). */
const HASH_DIGITS = 17;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The VMI ID of a content library item: `vmi-` and the first 17 hex digits of the SHA-1 of the item's ID without its
 * hyphens. A UUID is hashed in lower case, as vCenter writes it. Any other ID, such as a VM's `vm-42`, is hashed as
 * given.
 */
export function vmiId(itemId: string): string {
  const id = UUID.test(itemId) ? itemId.toLowerCase() : itemId;
  return VMI_ID_PREFIX + createHash("sha1").update(id.replaceAll("-", "")).digest("hex").slice(0, HASH_DIGITS);
}
