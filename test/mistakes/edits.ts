import { isJsonObject, type JsonObject, member } from "../../src/common/json.ts";
import { type Edit, isEdit, type Remedy } from "./remedies.ts";

/** A manifest with what a remedy tells. `typed`: what the person chooses. */
export function remedied(manifest: JsonObject, remedy: Remedy, typed: unknown): JsonObject {
  return remedy.reduce((object, step) => (isEdit(step) ? edited(object, step, typed) : object), manifest);
}

function edited(manifest: JsonObject, step: Edit, typed: unknown): JsonObject {
  switch (step.do) {
    case "write":
      return put(manifest, step.field, () => step.value);
    case "add":
      return put(manifest, step.field, (list) => [...entriesOf(list), step.value]);
    case "remove":
      return put(manifest, step.field, () => undefined);
    case "choose":
    case "rename":
      return put(manifest, step.field, () => typed);
    case "quote":
      return put(manifest, step.field, String);
    case "makeList":
      return put(manifest, step.field, (value) => [value]);
    case "move": {
      const value = valueAt(manifest, step.field);
      return put(
        put(manifest, step.field, () => undefined),
        step.to,
        () => value,
      );
    }
  }
}

/** The merge patch that writes one field. */
export function patchOf(field: string, value: unknown): JsonObject {
  return put({}, field, () => value);
}

/** The steps of a field: `spec.properties[a.b/c]` and `spec.cdrom[0].name`. */
function stepsOf(field: string): readonly string[] {
  return [...field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([step, inBrackets]) => inBrackets ?? step);
}

export function valueAt(object: unknown, field: string): unknown {
  return stepsOf(field).reduce<unknown>((value, step) => member(value, step), object);
}

function put(object: JsonObject, field: string, change: (value: unknown) => unknown): JsonObject {
  return putAt(object, stepsOf(field), change) as JsonObject;
}

/** The value with another one behind these steps. Objects on the way are made; undefined removes a field or an entry. */
function putAt(value: unknown, steps: readonly string[], change: (value: unknown) => unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return change(value);
  if (Array.isArray(value) || (value === undefined && /^\d+$/.test(step))) {
    const entries = entriesOf(value);
    const changed = putAt(entries[Number(step)], rest, change);
    return [
      ...entries.slice(0, Number(step)),
      ...(changed === undefined ? [] : [changed]),
      ...entries.slice(Number(step) + 1),
    ];
  }
  const { [step]: old, ...others } = isJsonObject(value) ? value : {};
  const changed = putAt(old, rest, change);
  return changed === undefined ? others : { ...others, [step]: changed };
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
