import type { ReviewContext } from "../../references/context.ts";
import { type FieldProblem, quote } from "../../references/field-error.ts";
import { fieldOf, type Reference } from "../../references/parse.ts";
import { isEmpty } from "../../references/resolve-reference.ts";
import { kindPath } from "../../references/rewrites.ts";
import type { Change } from "../../references/stored-reference.ts";

/**
 * A machine keeps the image that it was created with (vm-operator validateImageOnUpdate). The words "is immutable"
 * and "immutable field" must not appear: Flux takes them for leave to delete and re-create the object.
 */
export function immutable({ changes, boot, oldBoot, subject }: ReviewContext): readonly FieldProblem[] {
  if (changes === undefined || subject.isTemplate) return [];
  return [
    problem(changes.imageName, boot.imageName, oldBoot?.imageName),
    problem(changes.image, boot.image, oldBoot?.image),
  ].filter((found) => found !== undefined);
}

function problem(change: Change, sent: Reference | undefined, old: Reference | undefined): FieldProblem | undefined {
  if (change.is !== "changed" || sent === undefined || old === undefined) return undefined;
  const kindChanged = sent.name === old.name && sent.kind !== old.kind;
  return {
    check: "immutable",
    reason: "FieldValueInvalid",
    field: kindChanged ? fieldOf(kindPath(sent)) : fieldOf(sent.namePath),
    value: kindChanged ? sent.kind : sent.name,
    why: `a VM keeps the image that it was created with; ${remedy(old, kindChanged)}, or create another VM`,
    namesOtherImage: change.namesOtherImage,
  };
}

function remedy(old: Reference, kindChanged: boolean): string {
  if (isEmpty(old)) return "leave this field out";
  return `put back ${quote(kindChanged ? old.kind : old.name)} or leave this field out`;
}
