import { isJsonObject, type JsonObject, type JsonPath, member } from "../json.ts";

/** One change of an object, by the path of the value that changes; missing parents are understood. */
export type Edit =
  | { readonly is: "set"; readonly path: JsonPath; readonly value: unknown }
  | { readonly is: "remove"; readonly path: JsonPath };

type Container = Record<string | number, unknown>;

/** The object after the edits, in order. Nothing is changed in place; what is not edited is shared. */
export function applyEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  // Each container on the way is copied once, so that many edits of one long list cost no more than its length.
  const copies = new Set<unknown>();
  const root = copyOnce(object, copies);
  for (const edit of edits) apply(edit, root, copies);
  return root;
}

function apply(edit: Edit, root: Container, copies: Set<unknown>): void {
  const last = edit.path.at(-1);
  if (last === undefined) return;
  let here = root;
  for (const step of edit.path.slice(0, -1)) {
    const below = member(here, step);
    if (edit.is === "remove" && below === undefined) return;
    here[step] = copyOnce(below, copies);
    here = here[step] as Container;
  }
  if (edit.is === "set") here[last] = edit.value;
  else Reflect.deleteProperty(here, last);
}

/** The copy that was made of a container already, or one that is made now; a parent that is missing is an object. */
function copyOnce(value: unknown, copies: Set<unknown>): Container {
  if (copies.has(value)) return value as Container;
  const copy = Array.isArray(value) ? [...(value as readonly unknown[])] : isJsonObject(value) ? { ...value } : {};
  copies.add(copy);
  return copy as Container;
}
