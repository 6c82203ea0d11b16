import { type FieldError, quote } from "../../references/field-error.ts";
import { imageError } from "../../references/image-error.ts";
import { mayUse } from "../access.ts";
import type { OsImageContext } from "../context.ts";

/**
 * The caller that makes a reference may use the image. The documentation of OSImage names no verb for use, and no place
 * where the platform checks it; a platform that writes for a person is itself the caller.
 */
export function* access(context: OsImageContext): Iterable<FieldError> {
  for (const lookup of context.lookups) {
    if (lookup.is !== "resolved" || mayUse(context, lookup.image)) continue;
    const { reference, image } = lookup;
    const why =
      `user ${quote(context.target.user.name)} neither owns the image nor is granted get or * by its spec.access; ` +
      "ask its owner, or use another image";
    yield { ...imageError({ check: "access", reference, image, why }), reason: "FieldValueForbidden" };
  }
}
