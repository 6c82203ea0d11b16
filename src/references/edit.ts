import { isJsonObject, type JsonObject, type JsonPath, member } from "../json.ts";

/** One change of an object, by the path of the value that changes; missing parents are understood. */
export type Edit =
  | { readonly is: "set"; readonly path: JsonPath; readonly value: unknown }
  | { readonly is: "remove"; readonly path: JsonPath };

/** The object after the edits, in order. Nothing is changed in place; what is not edited is shared. */
export function applyEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  return edits.reduce<JsonObject>((before, edit) => changed(before, edit, 0) as JsonObject, object);
}

/** What stands `depth` steps down the path of the edit. */
function changed(before: unknown, edit: Edit, depth: number): unknown {
  const step = edit.path[depth];
  if (step === undefined) return edit.is === "set" ? edit.value : undefined;
  const below = depth + 1;
  if (Array.isArray(before)) {
    const entries: unknown[] = [...(before as readonly unknown[])];
    const index = Number(step);
    if (index in entries) entries[index] = changed(entries[index], edit, below);
    return entries;
  }
  const parent = isJsonObject(before) ? before : {};
  if (edit.is === "remove" && below === edit.path.length) {
    return Object.fromEntries(Object.entries(parent).filter(([key]) => key !== step));
  }
  return { ...parent, [step]: changed(member(parent, step), edit, below) };
}
