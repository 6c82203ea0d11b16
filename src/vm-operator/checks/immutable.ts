import { fieldOf } from "../../common/field-path.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { nameKey, type Reference } from "../../references/parse.ts";
import { isEmpty } from "../../references/resolve-reference.ts";
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
    const kindChanged = sent.name === old.name && sent.kind !== old.kind;
    yield {
      check: "immutable",
      reason: "FieldValueInvalid",
      field: kindChanged ? fieldOf(kindPath(sent)) : fieldOf(sent.namePath),
      value: (kindChanged ? sent.kind : sent.name) ?? "",
      why: `a VM keeps the image that it was created with; ${remedy(context, old, kindChanged)}, or create another VM`,
      namesOtherImage: change.namesOtherImage,
    };
  }
}

function remedy(context: MachineContext, old: Reference, kindChanged: boolean): string {
  if (isEmpty(old)) return "leave this field out";
  const stored = quote((kindChanged ? old.kind : old.name) ?? "");
  const requested = kindChanged ? undefined : requestedName(context, old);
  const back = requested === undefined ? stored : `${quote(requested)} (${stored})`;
  return `put back ${back} or leave this field out`;
}

/** The name of the manifest, which mutation replaced. At `/validate`, which restores nothing, it is no remedy. */
function requestedName({ oldPins, target }: MachineContext, old: Reference): string | undefined {
  const pin = oldPins.get(nameKey(old));
  return target.endpoint === "mutate" && pin?.resolved === old.name ? pin?.requested : undefined;
}
