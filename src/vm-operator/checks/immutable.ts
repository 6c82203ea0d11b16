import type { MachineContext } from "../context.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import type { Reference } from "../../references/parse.ts";
import { isEmpty } from "../../references/resolve-reference.ts";
import { kindPath } from "../../references/rewrites.ts";
import type { Change } from "../../references/stored-reference.ts";

/**
 * A machine keeps the image that it was created with (vm-operator validateImageOnUpdate). The words "is immutable"
 * and "immutable field" must not appear: Flux takes them for leave to delete and re-create the object.
 */
export function immutable({ changes, boot, oldBoot, target }: MachineContext): readonly FieldError[] {
  if (changes === undefined || target.isTemplate) return [];
  return [
    errorOf(changes.imageName, boot.imageName, oldBoot?.imageName),
    errorOf(changes.image, boot.image, oldBoot?.image),
  ].filter((error) => error !== undefined);
}

function errorOf(change: Change, sent: Reference | undefined, old: Reference | undefined): FieldError | undefined {
  if (change.is !== "changed" || sent === undefined || old === undefined) return undefined;
  const kindChanged = sent.name === old.name && sent.kind !== old.kind;
  return {
    check: "immutable",
    reason: "FieldValueInvalid",
    field: kindChanged ? fieldOf(kindPath(sent)) : fieldOf(sent.namePath),
    value: (kindChanged ? sent.kind : sent.name) ?? "",
    why: `a VM keeps the image that it was created with; ${remedy(old, kindChanged)}, or create another VM`,
    namesOtherImage: change.namesOtherImage,
  };
}

function remedy(old: Reference, kindChanged: boolean): string {
  if (isEmpty(old)) return "leave this field out";
  return `put back ${quote((kindChanged ? old.kind : old.name) ?? "")} or leave this field out`;
}
