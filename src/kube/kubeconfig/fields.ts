import { isJsonObject, type JsonObject } from "../../common/json.ts";

/** An object of a kubeconfig, and where it is. */
export interface Fields {
  readonly object: JsonObject;
  /** For messages: `users "me"`. */
  readonly where: string;
}

/** An absent or null object has no fields. Throws if it is anything else. */
export function fieldsOf(value: unknown, where: string): Fields {
  if (value === undefined || value === null) return { object: {}, where };
  if (!isJsonObject(value)) throw new Error(`${where} is ${typeName(value)}, and must be an object`);
  return { object: value, where };
}

/** Undefined for an absent, null or empty text: client-go does not tell them apart. */
export function text({ object, where }: Fields, field: string): string | undefined {
  const value = object[field];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string")
    throw new Error(`${field} of ${where} is ${typeName(value)}, and must be text (in quotes)`);
  return value;
}

export function flag({ object, where }: Fields, field: string): boolean {
  const value = object[field] ?? false;
  if (typeof value !== "boolean")
    throw new Error(`${field} of ${where} is ${typeName(value)}, and must be true or false`);
  return value;
}

export function list({ object, where }: Fields, field: string): readonly unknown[] {
  const value = object[field] ?? [];
  if (!Array.isArray(value)) throw new Error(`${field} of ${where} is ${typeName(value)}, and must be a list`);
  return value as readonly unknown[];
}

export function texts(fields: Fields, field: string): readonly string[] {
  return list(fields, field).map((value) => {
    if (typeof value === "string") return value;
    throw new Error(`${field} of ${fields.where} has ${typeName(value)}, and must have texts (in quotes)`);
  });
}

/** For messages: the value itself may be a secret. */
export function typeName(value: unknown): string {
  if (value === undefined || value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return isJsonObject(value) ? "an object" : `a ${typeof value === "string" ? "text" : typeof value}`;
}
