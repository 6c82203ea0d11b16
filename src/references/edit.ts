import { isJsonObject, type JsonObject, type JsonPath, member } from "../json.ts";

/** One change of an object, by the path of the value that changes; missing parents are understood. */
export type Edit =
  | { readonly is: "set"; readonly path: JsonPath; readonly value: unknown }
  | { readonly is: "remove"; readonly path: JsonPath };

/** The object after the edits, in order. Nothing is changed in place; what is not edited is shared. */
export function applyEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  return edits.reduce<JsonObject>((before, edit) => changed(before, edit, edit.path) as JsonObject, object);
}

function changed(before: unknown, edit: Edit, [step, ...rest]: JsonPath): unknown {
  if (step === undefined) return edit.is === "set" ? edit.value : undefined;
  const isLast = rest.length === 0;
  if (Array.isArray(before)) {
    return before.map((entry: unknown, index) => (String(index) === String(step) ? changed(entry, edit, rest) : entry));
  }
  const parent = isJsonObject(before) ? before : {};
  if (isLast && edit.is === "remove") {
    return Object.fromEntries(Object.entries(parent).filter(([key]) => key !== step));
  }
  return { ...parent, [step]: changed(member(parent, step), edit, rest) };
}
