import { at, isJsonObject, isSameJson, type JsonPath } from "../common/json.ts";
import type { ReviewContext } from "./context.ts";
import { kindKey, nameKey, type Reference } from "./parse.ts";
import { isEmpty, resolveReference } from "./resolve-reference.ts";
import { kindPath, type Rewrites } from "./rewrites.ts";
import { isCertainlyObjectName } from "./stored-meaning.ts";

/** A sent reference, and the stored one that replaces it. */
export interface Restoration {
  readonly sent: Reference;
  readonly old: Reference;
}

/** Restores a reference exactly, an absent kind and an absent object included (M12, M13). */
export function restoreExactly(context: ReviewContext, { sent, old }: Restoration, into: Rewrites): void {
  // vm-operator takes an empty `imageName` for an absent one; an empty `image` it does not.
  if (sent.form === "name" && sent.name === old.name) return;
  const oldValue = storedValue(context, old.path);
  if (isSameValue(at(context.target.object, sent.path), oldValue)) return;
  if (isEmpty(sent) || old.name === undefined) into.replace({ reference: sent, value: oldValue ?? undefined });
  else {
    rewriteName(context, { sent, old }, into);
    restoreKind(context, { sent, old }, into);
  }
}

/** Restores a reference and fills a kind that is missing (M19, M20). */
export function restore(context: ReviewContext, { sent, old }: Restoration, into: Rewrites): void {
  const kind = filledKind(context, { sent, old });
  if (isEmpty(sent) || isEmpty(old)) {
    // A CD-ROM may have another position now.
    const value = storedValue(context, old.path);
    into.replace({ reference: sent, value: isJsonObject(value) && kind !== old.kind ? { ...value, kind } : value });
    return;
  }
  rewriteName(context, { sent, old }, into);
  rewriteKind(sent, kind, into);
}

function restoreKind(context: ReviewContext, { sent, old }: Restoration, into: Rewrites): void {
  if (sent.form === "name") return;
  if (old.kind !== undefined) rewriteKind(sent, old.kind, into);
  else into.replaceKind({ reference: sent, value: storedValue(context, kindPath(old)) });
}

/** The stored value; undefined for a malformed one, which is never written. */
function storedValue({ target, oldParsed }: ReviewContext, path: JsonPath): unknown {
  const isMalformed = oldParsed?.malformed.some((each) => path.every((step, depth) => each.path[depth] === step));
  return isMalformed === true ? undefined : at(target.oldObject, path);
}

/** null is absent. */
function isSameValue(one: unknown, other: unknown): boolean {
  return isSameJson(one ?? undefined, other ?? undefined);
}

/** The stored kind; where there is none, the sent one or any other with which the stored name still means an image. */
function filledKind(context: ReviewContext, { sent, old }: Restoration): string | undefined {
  if (old.kind !== undefined || old.form === "name" || old.name === undefined) return old.kind;
  for (const kind of [sent.kind, undefined]) {
    const found = resolveReference(context, { ...old, kind });
    if (found.is !== "resolved") continue;
    // Beside a kind the name is searched as an object name first: it must still mean an image.
    const again = resolveReference(context, { ...old, kind: found.image.kind });
    return again.is === "resolved" ? found.image.kind : undefined;
  }
  return undefined;
}

/** With `--write image` a stored `imageName` may be a display name, which no pin records as `resolved`. */
function rewriteName(context: ReviewContext, { sent, old }: Restoration, into: Rewrites): void {
  into.rewrite({
    path: sent.namePath,
    key: nameKey(sent),
    from: sent.name,
    to: old.name ?? "",
    pinned: isCertainlyObjectName(context, old),
  });
}

function rewriteKind(sent: Reference, kind: string | undefined, into: Rewrites): void {
  into.rewrite({
    path: kindPath(sent),
    key: kindKey(sent),
    from: sent.kind,
    to: kind ?? "",
    pinned: sent.kind !== undefined && kind !== undefined,
  });
}
