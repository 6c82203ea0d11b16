/**
 * A JSON object as `JSON.parse` returns it. These functions read own members only, so that `__proto__` and
 * `constructor` are ordinary keys.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A path in a JSON value: object keys and list indexes from the root. */
export type JsonPath = readonly (string | number)[];

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is an object, or absent or null, so that an object may be put there. */
export function mayHaveMembers(value: unknown): boolean {
  return value === undefined || value === null || isJsonObject(value);
}

/** The own member of an object or list; `undefined` if there is none. */
export function member(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}

/** The value at a path; `undefined` if any step is missing. */
export function at(value: unknown, path: JsonPath): unknown {
  let here = value;
  for (const key of path) here = member(here, key);
  return here;
}

/**
 * Whether two JSON values are equal, in any order of members. It has no recursion, so deep nesting cannot overflow the
 * stack.
 */
export function isSameJson(one: unknown, other: unknown): boolean {
  const pairs: [unknown, unknown][] = [[one, other]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    const keys = keysOf(a);
    if (keys === undefined || keysOf(b)?.length !== keys.length || Array.isArray(a) !== Array.isArray(b)) return false;
    for (const key of keys) {
      if (!Object.hasOwn(b as object, key)) return false;
      pairs.push([member(a, key), member(b, key)]);
    }
  }
  return true;
}

function keysOf(value: unknown): readonly string[] | undefined {
  return typeof value === "object" && value !== null ? Object.keys(value) : undefined;
}

/** Parses the JSON of an object; undefined for any other value or text. */
export function parsedObject(text: unknown): JsonObject | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The value at a path if it is a string, else `""`. */
export function textAt(value: unknown, path: JsonPath): string {
  return textOf(at(value, path));
}

/** A value if it is a string, else `""`. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value at a path if it is a non-empty string. */
export function textOrNothing(value: unknown, path: JsonPath): string | undefined {
  const text = textAt(value, path);
  return text === "" ? undefined : text;
}

/** The value at a path if it is a list, else an empty one. */
export function listAt(value: unknown, path: JsonPath): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}
