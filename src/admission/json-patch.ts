import { isJsonObject, type JsonObject, type JsonPath, member } from "../json.ts";
import { applyEdits, type Edit } from "../references/edit.ts";

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
  const patch: PatchOperation[] = [];
  const pointers = edits.map(({ path }) => pointerOf(path));
  let here = object;
  for (const [position, edit] of edits.entries()) {
    const target: Target = { path: edit.path, pointer: pointers[position] ?? "" };
    const operation = edit.is === "set" ? setOperation(here, target, edit.value) : removeOperation(here, target);
    if (operation === undefined) continue;
    patch.push(operation);
    // Only what an edit has written, parents that were missing included, is seen by those after it.
    const isSeen = pointers.some((later, at) => at > position && leadsThrough(later, operation.path));
    if (isSeen) here = applyEdits(here, [edit]);
  }
  return patch;
}

/** Whether one pointer is another, or goes on from there. */
function leadsThrough(pointer: string, other: string): boolean {
  return pointer.startsWith(other) && (pointer.length === other.length || pointer[other.length] === "/");
}

/** The object after a patch of ours, which never inserts into a list. */
export function applyPatch(object: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  return applyEdits(
    object,
    patch.map((operation): Edit => {
      const path = stepsOf(operation.path);
      return operation.op === "remove" ? { is: "remove", path } : { is: "set", path, value: operation.value };
    }),
  );
}

/** Where an edit leads, in both spellings. */
interface Target {
  readonly path: JsonPath;
  readonly pointer: string;
}

function setOperation(object: JsonObject, { path, pointer }: Target, value: unknown): PatchOperation | undefined {
  let parent: unknown = object;
  for (const [depth, step] of path.entries()) {
    const isLast = depth === path.length - 1;
    const child = member(parent, step);
    if (isLast && child === value) return undefined;
    if (isLast && child !== undefined) return { op: "replace", path: pointer, value };
    if (isLast) return { op: "add", path: pointer, value };
    if (!isContainer(child)) {
      const op = child === undefined ? "add" : "replace";
      return { op, path: pointerOf(path.slice(0, depth + 1)), value: nested(path.slice(depth + 1), value) };
    }
    parent = child;
  }
  return undefined;
}

function removeOperation(object: JsonObject, { path, pointer }: Target): PatchOperation | undefined {
  let here: unknown = object;
  for (const step of path) {
    here = member(here, step);
    if (here === undefined) return undefined;
  }
  return { op: "remove", path: pointer };
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
  let text = "";
  for (const step of path) text += `/${typeof step === "string" && /[~/]/.test(step) ? escaped(step) : step}`;
  return text;
}

function escaped(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}

function stepsOf(path: string): JsonPath {
  return path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
