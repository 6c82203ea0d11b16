import { fieldOf } from "../../common/field-path.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { nameKey, type Reference } from "../../references/parse.ts";
import { isEmpty, resolveReference } from "../../references/resolve-reference.ts";
import { kindPath } from "../../references/rewrites.ts";
import { bootFieldChanges } from "../boot-changes.ts";
import type { MachineContext } from "../context.ts";

/**
 * A machine keeps the image that it was created with (vm-operator validateImageOnUpdate). The words "is immutable"
 * and "immutable field" must not appear: Flux treats them as permission to delete and re-create the object.
 */
export function* immutable(context: MachineContext): Iterable<FieldError> {
  if (context.target.isTemplate) return;
  for (const { change, sent, old } of bootFieldChanges(context)) {
    if (change.is !== "changed") continue;
    const requested = requestedName(context, old);
    const keepsName = sent.name === old.name || (requested !== undefined && sent.name === requested);
    const {
      path,
      value = "",
      remedy,
    } = keepsName && sent.kind !== old.kind
      ? { path: kindPath(sent), value: sent.kind, remedy: kindRemedy(old) }
      : { path: sent.namePath, value: sent.name, remedy: nameRemedy(old, requested) };
    const { namesOtherImage } = change;
    yield {
      check: "immutable",
      reason: "FieldValueInvalid",
      field: fieldOf(path),
      value,
      why: "a VM keeps the image that it was created with",
      remedy: namesImage(context, sent) ? `${remedy}, or create another VM` : remedy,
      namesOtherImage,
    };
  }
}

/** With a name of no image another VM is refused, too. */
function namesImage(context: MachineContext, sent: Reference): boolean {
  return resolveReference(context, sent).is === "resolved";
}

function kindRemedy({ kind }: Reference): string {
  return kind === undefined ? "leave this field out" : `put back ${quote(kind)} or leave this field out`;
}

function nameRemedy(old: Reference, requested: string | undefined): string {
  if (isEmpty(old)) return "leave this field out";
  const stored = quote(old.name ?? "");
  return `put back ${requested === undefined ? stored : `${quote(requested)} (${stored})`} or leave this field out`;
}

/** The name of the manifest, which mutation replaced. At `/validate`, which restores nothing, it is no remedy. */
function requestedName({ oldPins, target }: MachineContext, old: Reference): string | undefined {
  const pin = oldPins.get(nameKey(old));
  return target.endpoint === "mutate" && pin?.resolved === old.name ? pin?.requested : undefined;
}
