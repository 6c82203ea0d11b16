import type { ReviewContext } from "../context.ts";
import { isEmpty } from "../boot.ts";
import { type FieldProblem, quote } from "../problem.ts";
import { fieldOf, type Reference } from "../reading.ts";
import { type Change, isViolation } from "../stored-boot.ts";

/**
 * A machine keeps the image that it was created with (vm-operator validateImageOnUpdate). The words "is immutable"
 * and "immutable field" must not appear: Flux takes them for leave to delete and re-create the object.
 */
export function* immutable({ changes, boot, oldBoot }: ReviewContext): Iterable<FieldProblem> {
  if (changes === undefined) return;
  yield* problem(changes.imageName, boot.imageName, oldBoot?.imageName);
  yield* problem(changes.image, boot.image, oldBoot?.image);
}

function* problem(change: Change, sent: Reference | undefined, old: Reference | undefined): Iterable<FieldProblem> {
  if (!isViolation(change) || sent === undefined || old === undefined) return;
  const kindChanged = sent.name === old.name && sent.kind !== old.kind;
  yield {
    check: "immutable",
    reason: "FieldValueInvalid",
    field: kindChanged ? fieldOf([...sent.path, "kind"]) : fieldOf(sent.namePath),
    value: kindChanged ? sent.kind : sent.name,
    why: `a VM keeps the image that it was created with; ${remedy(old, kindChanged)}, or create another VM`,
    namesOtherImage: change.is === "changed" && change.namesOtherImage,
  };
}

function remedy(old: Reference, kindChanged: boolean): string {
  if (isEmpty(old)) return "leave this field out";
  return `put back ${quote(kindChanged ? old.kind : old.name)} or leave this field out`;
}
