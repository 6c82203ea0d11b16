import { at, isJsonObject, type JsonObject, type JsonPath } from "../common/json.ts";
import { applyEdits, type Edit, EditedCopy } from "../references/edit.ts";

/** An operation of RFC 6902. */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/**
 * The JSON Patch that makes these edits: one operation for each that changes anything, applicable in order to the
 * object as it came. The API server fails a whole request, whatever its failurePolicy, over a patch that does not
 * apply: an `add` needs its parent, `replace` and `remove` need their target.
 */
export function patchFor(object: JsonObject, edits: readonly Edit[]): readonly PatchOperation[] {
  const copy = new EditedCopy(object);
  const patch: PatchOperation[] = [];
  for (const edit of edits) {
    const operation = operationFor(copy.object, edit);
    if (operation === undefined) continue;
    patch.push(operation);
    copy.apply(edit);
  }
  return patch;
}

/** The object after a patch of `patchFor`, which never inserts into a list. */
export function applyPatch(object: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  return applyEdits(
    object,
    patch.map((operation): Edit => {
      const path = stepsOf(operation.path);
      return operation.op === "remove" ? { is: "remove", path } : { is: "set", path, value: operation.value };
    }),
  );
}

/** Undefined where the edit changes nothing. */
function operationFor(object: JsonObject, edit: Edit): PatchOperation | undefined {
  return edit.is === "set" ? setOperation(object, edit.path, edit.value) : removeOperation(object, edit.path);
}

/** At the value itself, or at the first of its parents that is missing or no container. */
function setOperation(object: JsonObject, path: JsonPath, value: unknown): PatchOperation | undefined {
  const parents = path.slice(0, -1).findIndex((_, depth) => !isContainer(at(object, path.slice(0, depth + 1))));
  const end = parents === -1 ? path.length : parents + 1;
  const target = path.slice(0, end);
  const before = at(object, target);
  const after = nested(path.slice(end), value);
  if (before === after) return undefined;
  return { op: before === undefined ? "add" : "replace", path: pointerOf(target), value: after };
}

function removeOperation(object: JsonObject, path: JsonPath): PatchOperation | undefined {
  return at(object, path) === undefined ? undefined : { op: "remove", path: pointerOf(path) };
}

function isContainer(value: unknown): boolean {
  return Array.isArray(value) || isJsonObject(value);
}

/** `nested(["a", "b"], 1)` is `{a: {b: 1}}`: the parents that are missing. */
function nested(path: JsonPath, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
}

/** RFC 6901: `~` is `~0`, `/` is `~1`. */
function pointerOf(path: JsonPath): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function stepsOf(path: string): JsonPath {
  return path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
