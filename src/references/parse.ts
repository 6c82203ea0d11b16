import { fieldOf } from "../common/field-path.ts";
import { type JsonObject, type JsonPath, mayHaveMembers, member, textOf } from "../common/json.ts";
import { type CompiledPath, type CompiledRow, type Location, locationOf, type ReferenceRow } from "./row.ts";

/** A place of an object that names an image, or could. Absent, null, "" and {} are all a reference without a name. */
export type Reference = NameReference | ObjectReference;

interface ReferenceBase extends Location {
  readonly role: ReferenceRow["role"];
  readonly name: string | undefined;
  /** The kinds of image that it can name, in the order in which they are searched. */
  readonly images: ReferenceRow["images"];
  /** Of a field that creates a display name. */
  readonly createdName: ReferenceRow["createdName"];
}

/** A string: an object name or a display name. */
export interface NameReference extends ReferenceBase {
  readonly form: "name";
  readonly kind: undefined;
}

/** An object {kind, name}. */
export interface ObjectReference extends ReferenceBase {
  readonly form: "object";
  readonly kind: string | undefined;
}

/** A value of a JSON type that the field cannot have. */
export interface Malformed {
  readonly path: JsonPath;
  readonly value: unknown;
  readonly expected: "a string" | "an object" | "a list";
  /** Where a value that is no object belongs; undefined if it belongs nowhere. */
  readonly belongsAt?: JsonPath;
}

export interface ParsedReferences {
  /** Each boot reference that the object's version has, also without a name; CD-ROMs only where the object has them. */
  readonly references: readonly Reference[];
  readonly malformed: readonly Malformed[];
}

/** Parses the references of an object by its rows of the reference table; never throws. */
export function parseReferences(object: JsonObject, rows: readonly CompiledRow[]): ParsedReferences {
  const parser = new Parser();
  for (const row of rows) parser.parseRow(row, object);
  return { references: parser.references, malformed: [...parser.malformed.values()] };
}

/** The key of a reference's name in the pinned annotation. */
export function nameKey({ form, key }: Reference): string {
  return form === "name" ? key : `${key}.name`;
}

/** The key of its kind. */
export function kindKey({ key }: Reference): string {
  return `${key}.kind`;
}

/** Collects the references of one object and its values of a wrong type. */
class Parser {
  readonly references: Reference[] = [];
  /** By field: rows share their first steps, so two rows can meet the same wrong value. */
  readonly malformed = new Map<string, Malformed>();

  parseRow(row: CompiledRow, object: JsonObject): void {
    const { compiled } = row;
    if (compiled.is === "list") {
      this.#parseList(row, compiled, object);
      return;
    }
    const { location } = compiled;
    const found = this.#descend(object, [], location.path);
    if (found !== undefined) this.#addReference(row, location, found.value);
  }

  #parseList(row: CompiledRow, compiled: Extract<CompiledPath, { is: "list" }>, object: JsonObject): void {
    const { list, listKey, below } = compiled;
    const entries = this.#entriesAt(object, list);
    const names = entryNames(entries);
    for (const [position, entry] of entries.entries()) {
      const start = [...list, position];
      const found = this.#descend(entry, start, below);
      if (found === undefined) continue;
      const key = fieldOf(below, `${listKey}[${names[position]}]`);
      this.#addReference(row, locationOf(row.form, [...start, ...below], key), found.value);
    }
  }

  #entriesAt(object: JsonObject, list: JsonPath): readonly unknown[] {
    const value = this.#descend(object, [], list)?.value;
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value as readonly unknown[];
    this.#addMalformed({ path: list, value, expected: "a list" });
    return [];
  }

  /** The value behind these steps, which may be absent; undefined behind a value of a wrong type. */
  #descend(from: unknown, start: JsonPath, steps: JsonPath): { readonly value: unknown } | undefined {
    let value = from;
    for (const [depth, step] of steps.entries()) {
      if (!mayHaveMembers(value)) {
        this.#addMalformed({ path: [...start, ...steps.slice(0, depth)], value, expected: "an object" });
        return undefined;
      }
      value = member(value, step);
    }
    return { value };
  }

  #addReference({ role, form, images, createdName }: CompiledRow, location: Location, value: unknown): void {
    const { path, namePath, key } = location;
    if (form === "name") {
      const name = this.#text(path, value);
      this.references.push({ role, form, path, namePath, key, name, kind: undefined, images, createdName });
      return;
    }
    if (!mayHaveMembers(value)) this.#addMalformed({ path, value, expected: "an object", belongsAt: namePath });
    const name = this.#text(namePath, member(value, "name"));
    const kind = this.#text([...path, "kind"], member(value, "kind"));
    this.references.push({ role, form, path, namePath, key, name, kind, images, createdName });
  }

  #text(path: JsonPath, value: unknown): string | undefined {
    if (typeof value === "string") return value === "" ? undefined : value;
    if (value !== undefined && value !== null) this.#addMalformed({ path, value, expected: "a string" });
    return undefined;
  }

  #addMalformed(found: Malformed): void {
    const field = fieldOf(found.path);
    if (!this.malformed.has(field)) this.malformed.set(field, found);
  }
}

/** What tells the entries of a list apart: their names, else their positions. Each is unique. */
function entryNames(entries: readonly unknown[]): readonly string[] {
  const taken = new Set([""]);
  return entries.map((entry, position) => {
    const name = textOf(member(entry, "name"));
    let unique = taken.has(name) ? String(position) : name;
    // Another entry may have this position for its name.
    while (taken.has(unique)) unique += "'";
    taken.add(unique);
    return unique;
  });
}
