import { isJsonObject, type JsonObject, type JsonPath, member } from "../common/json.ts";

/** One change of an object, by the path of the value that changes; missing parents are created. */
export type Edit =
  | { readonly is: "set"; readonly path: JsonPath; readonly value: unknown }
  | { readonly is: "remove"; readonly path: JsonPath };

type Container = Record<string | number, unknown>;

/** The object after the edits, in order. The given object does not change; the result shares its unedited parts. */
export function applyEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  const copy = new EditedCopy(object);
  for (const edit of edits) copy.apply(edit);
  return copy.object;
}

/**
 * An object after the edits so far; the given object does not change. Each container on the way is copied once, so the
 * cost of many edits in one long list is bounded by its length.
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

  /** The copy of a container, made at its first use; a missing parent becomes an object. */
  #copyOnce(value: unknown): Container {
    if (this.#copies.has(value)) return value as Container;
    const copy = Array.isArray(value) ? [...(value as readonly unknown[])] : isJsonObject(value) ? { ...value } : {};
    this.#copies.add(copy);
    return copy as Container;
  }
}
