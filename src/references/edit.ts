import { isJsonObject, type JsonObject, type JsonPath, member } from "../common/json.ts";

/** One change of an object, by the path of the value that changes; missing parents are understood. */
export type Edit =
  | { readonly is: "set"; readonly path: JsonPath; readonly value: unknown }
  | { readonly is: "remove"; readonly path: JsonPath };

type Container = Record<string | number, unknown>;

/** The object after the edits, in order. Nothing is changed in place; what is not edited is shared. */
export function applyEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  const copy = new EditedCopy(object);
  for (const edit of edits) copy.apply(edit);
  return copy.object;
}

/**
 * An object after the edits so far; the one that it is made of stays as it is. Each container on the way is copied once,
 * so that many edits of one long list take no more than its length.
 */
export class EditedCopy {
  readonly #copies = new Set<unknown>();
  readonly #root: Container;

  constructor(object: JsonObject) {
    this.#root = this.#copyOnce(object);
  }

  get object(): JsonObject {
    return this.#root;
  }

  apply(edit: Edit): void {
    const last = edit.path.at(-1);
    if (last === undefined) return;
    let here = this.#root;
    for (const step of edit.path.slice(0, -1)) {
      const below = member(here, step);
      if (edit.is === "remove" && below === undefined) return;
      const copy = this.#copyOnce(below);
      here[step] = copy;
      here = copy;
    }
    if (edit.is === "set") here[last] = edit.value;
    else Reflect.deleteProperty(here, last);
  }

  /** The copy that was made of a container already, or one that is made now; a parent that is missing is an object. */
  #copyOnce(value: unknown): Container {
    if (this.#copies.has(value)) return value as Container;
    const copy = Array.isArray(value) ? [...(value as readonly unknown[])] : isJsonObject(value) ? { ...value } : {};
    this.#copies.add(copy);
    return copy as Container;
  }
}
