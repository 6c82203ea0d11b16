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
  const written = new WrittenPointers();
  for (const edit of edits) {
    const target: Target = { path: edit.path, pointer: pointerOf(edit.path) };
    // Only what an earlier one has written, parents that were missing included, is not to be seen in the object.
    const here = written.leadTo(target.pointer) ? applyPatch(object, patch) : object;
    const operation = edit.is === "set" ? setOperation(here, target, edit.value) : removeOperation(here, target);
    if (operation === undefined) continue;
    patch.push(operation);
    written.add(operation.path);
  }
  return patch;
}

/** Where a patch has written. Beginnings of a pointer that are of no length among these are not even cut out. */
class WrittenPointers {
  readonly #all = new Set<string>();
  #shortest = Infinity;
  #longest = 0;

  add(pointer: string): void {
    this.#all.add(pointer);
    this.#shortest = Math.min(this.#shortest, pointer.length);
    this.#longest = Math.max(this.#longest, pointer.length);
  }

  /** Whether a pointer is one of these, or goes on from there. */
  leadTo(pointer: string): boolean {
    for (let end = pointer.length; end >= this.#shortest; end = pointer.lastIndexOf("/", end - 1)) {
      if (end <= this.#longest && this.#all.has(pointer.slice(0, end))) return true;
    }
    return false;
  }
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
  let here: unknown = object;
  let depth = 0;
  for (const step of path) {
    here = member(here, step);
    const op = here === undefined ? "add" : "replace";
    depth++;
    if (depth === path.length) return here === value ? undefined : { op, path: pointer, value };
    if (!isContainer(here))
      return { op, path: pointerOf(path.slice(0, depth)), value: nested(path.slice(depth), value) };
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
  for (const step of path) text += `/${typeof step === "string" ? escaped(step) : step}`;
  return text;
}

function escaped(step: string): string {
  const once = step.includes("~") ? step.replaceAll("~", "~0") : step;
  return once.includes("/") ? once.replaceAll("/", "~1") : once;
}

function stepsOf(path: string): JsonPath {
  return path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
