import { fieldOf } from "../../common/field-path.ts";
import { VM_IMAGE_KINDS } from "../../images/image.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { resolveReference } from "../../references/resolve-reference.ts";
import { kindPath } from "../../references/rewrites.ts";
import type { MachineContext } from "../context.ts";

const SUPPORTED = `supported values: ${VM_IMAGE_KINDS.map(quote).join(", ")}`;

/**
 * The kind of a reference is an image kind. `/mutate` fills a missing one, so `/validate` finds it missing only
 * where no mutation ran (vm-operator refuses that too: webhooks/virtualmachine/validation validateImageOnCreate).
 */
export function* kind(context: MachineContext): Iterable<FieldError> {
  const { lookups, target } = context;
  for (const lookup of lookups) {
    const field = fieldOf(kindPath(lookup.reference));
    if (lookup.is === "unsupportedKind") {
      const meant = resolveReference(context, { ...lookup.reference, kind: undefined });
      const why = meant.is === "resolved" ? `write ${quote(meant.image.kind)}; ${SUPPORTED}` : SUPPORTED;
      yield { check: "kind", reason: "FieldValueNotSupported", field, value: lookup.kind, why };
    }
    const isMissing =
      lookup.is === "resolved" && lookup.reference.form === "object" && lookup.reference.kind === undefined;
    if (isMissing && target.endpoint === "validate") {
      const why = `write ${quote(lookup.image.kind)}; ${SUPPORTED}`;
      yield { check: "kind", reason: "FieldValueRequired", field, why };
    }
  }
}
