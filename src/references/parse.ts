import { type JsonObject, type JsonPath, mayHaveMembers, member, textOf } from "../common/json.ts";
import { EACH, type ReferenceRow } from "./row.ts";

/** One place of an object that names an image, or could. Absent, null, "" and {} all read as empty names. */
export interface Reference {
  readonly role: ReferenceRow["role"];
  readonly form: ReferenceRow["form"];
  /** The reference itself: a string for form `name`, an object for form `object`. */
  readonly path: JsonPath;
  /** Where its name stands. */
  readonly namePath: JsonPath;
  /** The path as a text that stays when a list is reordered: `spec.hardware.cdrom[cd1].image`. */
  readonly key: string;
  readonly name: string;
  /** Always "" for form `name`. */
  readonly kind: string;
  /** The kinds of image that it can name, in the order in which they are searched. */
  readonly images: ReferenceRow["images"];
  /** Of a field that creates a display name. */
  readonly createdName: ReferenceRow["createdName"];
}

/** A value of a JSON type that the field cannot have. */
export interface Malformed {
  readonly path: JsonPath;
  readonly value: unknown;
  readonly expected: "a string" | "an object" | "a list";
}

/** What an object says about images. */
export interface Reading {
  /** The boot references that its version has, empty ones included; CD-ROMs only where the object has them. */
  readonly references: readonly Reference[];
  readonly malformed: readonly Malformed[];
}

/** Reads the references of an object by its rows of the reference table; never throws. */
export function readReferences(object: JsonObject, rows: readonly ReferenceRow[]): Reading {
  const reading: OpenReading = { references: [], malformed: new Map() };
  for (const row of rows) readBelow({ path: [], key: "", value: object }, row, 0, reading);
  return { references: reading.references, malformed: [...reading.malformed.values()] };
}

/** `spec.hardware.cdrom[0].image.name` and `spec.properties[vcluster.com/os-image]`, as Kubernetes writes field paths. */
export function fieldOf(path: JsonPath): string {
  return path.reduce<string>((field, step) => field + stepText(step, field === ""), "");
}

/** A key that is no name of a field is one of a map. */
function stepText(step: string | number, isFirst: boolean): string {
  if (typeof step === "number" || /[^\w-]/.test(step)) return `[${step}]`;
  return isFirst ? step : `.${step}`;
}

/** The key of a reference's name, by which the annotation knows it. */
export function nameKey({ form, key }: Reference): string {
  return form === "name" ? key : `${key}.name`;
}

/** The key of its kind. */
export function kindKey({ key }: Reference): string {
  return `${key}.kind`;
}

interface OpenReading {
  readonly references: Reference[];
  /** By field: rows share their first steps, so that two of them meet the same wrong value. */
  readonly malformed: Map<string, Malformed>;
}

interface Place {
  readonly path: JsonPath;
  readonly key: string;
  readonly value: unknown;
}

/** Reads what a row leads to from a place, by its steps from this one on; nothing behind a value of a wrong type. */
function readBelow(from: Place, row: ReferenceRow, depth: number, reading: OpenReading): void {
  const step = row.path[depth];
  if (step === undefined) {
    readPlace(row, from, reading);
    return;
  }
  const below = step === EACH ? entries(from, reading) : memberPlaces(from, step, reading);
  for (const place of below) readBelow(place, row, depth + 1, reading);
}

/** The place of a member, which may be absent; none in a value that is no object. */
function memberPlaces({ path, key, value }: Place, step: string, reading: OpenReading): readonly Place[] {
  if (!mayHaveMembers(value)) {
    note(reading, { path, value, expected: "an object" });
    return [];
  }
  return [{ path: [...path, step], key: key + stepText(step, key === ""), value: member(value, step) }];
}

/** Entries are known by their names; where these do not tell them apart, by their positions. No two have the same key. */
function entries({ path, key, value }: Place, reading: OpenReading): readonly Place[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    note(reading, { path, value, expected: "a list" });
    return [];
  }
  const taken = new Set([""]);
  return value.map((entry: unknown, index) => {
    const name = textOf(member(entry, "name"));
    let own = taken.has(name) ? String(index) : name;
    // Another entry may have this position for its name.
    while (taken.has(own)) own += "'";
    taken.add(own);
    return { path: [...path, index], key: `${key}[${own}]`, value: entry };
  });
}

function note({ malformed }: OpenReading, found: Malformed): void {
  const field = fieldOf(found.path);
  if (!malformed.has(field)) malformed.set(field, found);
}

function readPlace(
  { role, form, images, createdName }: ReferenceRow,
  { path, key, value }: Place,
  reading: OpenReading,
): void {
  const facts = { role, form, path, key, images, createdName };
  if (form === "name") {
    reading.references.push({ ...facts, namePath: path, name: readText(path, value, reading), kind: "" });
    return;
  }
  if (!mayHaveMembers(value)) note(reading, { path, value, expected: "an object" });
  const namePath = [...path, "name"];
  const name = readText(namePath, member(value, "name"), reading);
  const kind = readText([...path, "kind"], member(value, "kind"), reading);
  reading.references.push({ ...facts, namePath, name, kind });
}

function readText(path: JsonPath, value: unknown, reading: OpenReading): string {
  if (typeof value === "string") return value;
  if (value !== undefined && value !== null) note(reading, { path, value, expected: "a string" });
  return "";
}
