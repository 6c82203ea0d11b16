import { isJsonObject, type JsonObject, type JsonPath, member, textAt } from "../json.ts";
import { EACH, type ReferenceRow } from "./references.ts";

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

/** Reads the references of an object by its rows of THE table; never throws. */
export function readReferences(object: JsonObject, rows: readonly ReferenceRow[]): Reading {
  const reading = { references: [] as Reference[], malformed: [] as Malformed[] };
  for (const row of rows) {
    for (const place of places(object, row.path, reading.malformed)) readPlace(row, place, reading);
  }
  return reading;
}

/** `spec.hardware.cdrom[0].image.name`, as Kubernetes writes field paths. */
export function fieldOf(path: JsonPath): string {
  return path
    .map((step, position) => (typeof step === "number" ? `[${step}]` : position === 0 ? step : `.${step}`))
    .join("");
}

/** The key of a reference's name, by which the annotation knows it. */
export function nameKey({ form, key }: Reference): string {
  return form === "name" ? key : `${key}.name`;
}

/** The key of its kind. */
export function kindKey({ key }: Reference): string {
  return `${key}.kind`;
}

interface Place {
  readonly path: JsonPath;
  readonly key: string;
  readonly value: unknown;
}

/** The values that a row's path leads to; wrong types on the way are malformed, once each. */
function places(object: JsonObject, path: readonly string[], malformed: Malformed[]): readonly Place[] {
  let here: readonly Place[] = [{ path: [], key: "", value: object }];
  for (const step of path) {
    here = here.flatMap((place) => (step === EACH ? entries(place, malformed) : members(place, step, malformed)));
  }
  return here;
}

/** Entries are known by their names; where these do not tell them apart, by their positions. */
function entries({ path, key, value }: Place, malformed: Malformed[]): readonly Place[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    const names = value.map((entry: unknown) => textAt(entry, ["name"]));
    return value.map((entry: unknown, index) => {
      const name = names[index] ?? "";
      const isKnown = name !== "" && names.indexOf(name) === index;
      return { path: [...path, index], key: `${key}[${isKnown ? name : index}]`, value: entry };
    });
  }
  addOnce(malformed, { path, value, expected: "a list" });
  return [];
}

function members({ path, key, value }: Place, step: string, malformed: Malformed[]): readonly Place[] {
  const parentIsFine = value === undefined || value === null || isJsonObject(value);
  if (parentIsFine)
    return [{ path: [...path, step], key: key === "" ? step : `${key}.${step}`, value: member(value, step) }];
  addOnce(malformed, { path, value, expected: "an object" });
  return [];
}

/** Rows share their first steps, so that two of them meet the same wrong value. */
function addOnce(malformed: Malformed[], found: Malformed): void {
  const field = fieldOf(found.path);
  if (!malformed.some((known) => fieldOf(known.path) === field)) malformed.push(found);
}

function readPlace(
  row: ReferenceRow,
  { path, key, value }: Place,
  reading: { references: Reference[]; malformed: Malformed[] },
): void {
  const { role, form } = row;
  if (form === "name") {
    const name = readText(path, value, reading.malformed);
    reading.references.push({ role, form, path, namePath: path, key, name, kind: "" });
    return;
  }
  if (value !== undefined && value !== null && !isJsonObject(value)) {
    addOnce(reading.malformed, { path, value, expected: "an object" });
  }
  const namePath = [...path, "name"];
  const name = readText(namePath, member(value, "name"), reading.malformed);
  const kind = readText([...path, "kind"], member(value, "kind"), reading.malformed);
  reading.references.push({ role, form, path, namePath, key, name, kind });
}

function readText(path: JsonPath, value: unknown, malformed: Malformed[]): string {
  if (typeof value === "string") return value;
  if (value !== undefined && value !== null) addOnce(malformed, { path, value, expected: "a string" });
  return "";
}
