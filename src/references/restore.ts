import { at, isJsonObject, isSameJson } from "../common/json.ts";
import type { ReviewContext } from "./context.ts";
import { kindKey, nameKey, type Reference } from "./parse.ts";
import { isEmpty, type Question, resolveReference } from "./resolve-reference.ts";
import { kindPath, type Rewrites } from "./rewrites.ts";
import type { Change } from "./stored-reference.ts";
import { isCertainlyObjectName } from "./stored-meaning.ts";

/**
 * UPDATE of a machine (M12, M13): exactly what is stored comes back, an empty kind and an absent `spec.image` included,
 * because vm-operator compares them as they are (validateImageOnUpdate).
 */
export function restoreMachine(context: ReviewContext, into: Rewrites): void {
  const { reading, boot, oldBoot, changes } = context;
  if (reading.malformed.length > 0) return;
  if (isKept(changes?.imageName)) restoreExactly(context, boot.imageName, oldBoot?.imageName, into);
  if (isKept(changes?.image)) restoreExactly(context, boot.image, oldBoot?.image, into);
}

/** UPDATE of a template (M20): a kept reference gets the stored value back. */
export function restoreTemplate(context: ReviewContext, into: Rewrites): void {
  const { boot, oldBoot, changes } = context;
  if (changes?.imageName.is === "putBack") restore(context, boot.imageName, oldBoot?.imageName, into);
  if (changes?.image.is === "putBack") restore(context, boot.image, oldBoot?.image, into);
}

function isKept(change: Change | undefined): boolean {
  return change?.is === "same" || change?.is === "putBack";
}

function restoreExactly(
  question: Question,
  sent: Reference | undefined,
  old: Reference | undefined,
  into: Rewrites,
): void {
  if (sent === undefined || old === undefined) return;
  // An empty `imageName` is an absent one to vm-operator; an empty `image` is not.
  if (sent.form === "name" && sent.name === old.name) return;
  const { object } = question.subject;
  const oldValue = storedValue(question, old);
  if (isSameValue(at(object, sent.path), oldValue)) return;
  if (isEmpty(sent) || old.name === "") into.replace({ reference: sent, value: oldValue ?? undefined });
  else {
    rewriteName(question, sent, old, into);
    restoreKind(question, sent, old, into);
  }
}

function restoreKind({ subject }: Question, sent: Reference, old: Reference, into: Rewrites): void {
  if (sent.form === "name") return;
  if (old.kind !== "") rewriteKind(sent, old.kind, into);
  else into.replaceKind({ reference: sent, value: at(subject.oldObject, kindPath(old)) });
}

/** As it is stored; a value of a wrong type reads as none, and is never written. */
function storedValue({ subject, oldReading }: Question, { path }: Reference): unknown {
  const isMalformed = oldReading?.malformed.some((each) => path.every((step, depth) => each.path[depth] === step));
  return isMalformed === true ? undefined : at(subject.oldObject, path);
}

/** null is absent. */
function isSameValue(one: unknown, other: unknown): boolean {
  return isSameJson(one ?? undefined, other ?? undefined);
}

/** One reference as it was stored; a kind that was missing is filled (M19, M20). */
export function restore(
  question: Question,
  sent: Reference | undefined,
  old: Reference | undefined,
  into: Rewrites,
): void {
  if (sent === undefined || old === undefined) return;
  const kind = filledKind(question, sent, old);
  if (isEmpty(sent) || isEmpty(old)) {
    // A CD-ROM may have another position now.
    const value = storedValue(question, old);
    into.replace({ reference: sent, value: isJsonObject(value) && kind !== old.kind ? { ...value, kind } : value });
    return;
  }
  rewriteName(question, sent, old, into);
  rewriteKind(sent, kind, into);
}

/** The stored kind; where there is none, the sent one or any other with which the stored name still means an image. */
function filledKind(question: Question, sent: Reference, old: Reference): string {
  if (old.kind !== "" || old.form === "name" || old.name === "") return old.kind;
  const [kind = ""] = [sent.kind, ""].flatMap((each) => {
    const found = resolveReference(question, { ...old, kind: each });
    return found.is === "resolved" ? found.image.kind : [];
  });
  const read = resolveReference(question, { ...old, kind });
  return read.is === "resolved" ? kind : "";
}

/** With `--write image` a stored `imageName` may be a display name: that is no pin's `resolved`. */
function rewriteName(question: Question, sent: Reference, old: Reference, into: Rewrites): void {
  into.rewrite({
    path: sent.namePath,
    key: nameKey(sent),
    from: sent.name,
    to: old.name,
    pinned: isCertainlyObjectName(question, old),
  });
}

function rewriteKind(sent: Reference, kind: string, into: Rewrites): void {
  into.rewrite({
    path: kindPath(sent),
    key: kindKey(sent),
    from: sent.kind,
    to: kind,
    pinned: sent.kind !== "" && kind !== "",
  });
}
