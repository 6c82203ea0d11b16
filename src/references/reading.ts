import { type JsonObject, type JsonPath, mayHaveMembers, member, textOf } from "../json.ts";
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

/** Reads the references of an object by its rows of THE table; never throws. */
export function readReferences(object: JsonObject, rows: readonly ReferenceRow[]): Reading {
  const reading: OpenReading = { references: [], malformed: [], malformedFields: undefined };
  const root: Place = { path: [], key: "", value: object };
  for (const cut of cutRows(rows)) readBelow(root, cut, 0, reading);
  return reading;
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
  readonly malformed: Malformed[];
  /** Of `malformed`, where there are any. */
  malformedFields: Set<string> | undefined;
}

interface Place {
  readonly path: JsonPath;
  readonly key: string;
  readonly value: unknown;
}

/** Members from one list entry to the next, or to the end: `spec.hardware.cdrom`. */
interface Segment {
  readonly path: readonly string[];
  readonly key: string;
}

/** A row with its path in the parts between its lists. */
interface CutRow {
  readonly row: ReferenceRow;
  readonly segments: readonly Segment[];
}

/** Rows are those of THE table, by kind and version, so that each is cut once. */
function cutRows(rows: readonly ReferenceRow[]): readonly CutRow[] {
  const known = CUT_ROWS.get(rows);
  if (known !== undefined) return known;
  const made = rows.map((row): CutRow => ({ row, segments: segmentsOf(row.path) }));
  CUT_ROWS.set(rows, made);
  return made;
}

const CUT_ROWS = new WeakMap<readonly ReferenceRow[], readonly CutRow[]>();

function segmentsOf(path: readonly string[]): readonly Segment[] {
  const segments: string[][] = [[]];
  for (const step of path) {
    if (step === EACH) segments.push([]);
    else segments.at(-1)?.push(step);
  }
  return segments.map((steps) => ({ path: steps, key: fieldOf(steps) }));
}

/** Reads what a row leads to from a place, by its segments from this position on. */
function readBelow(from: Place, { row, segments }: CutRow, position: number, reading: OpenReading): void {
  const segment = segments[position];
  const place = segment === undefined ? undefined : placeBelow(from, segment, reading);
  if (place === undefined) return;
  if (position === segments.length - 1) {
    readPlace(row, place, reading);
    return;
  }
  for (const entry of entries(place, reading)) readBelow(entry, { row, segments }, position + 1, reading);
}

/** What a segment leads to from a place; undefined behind a value of a wrong type, which is malformed. */
function placeBelow(from: Place, segment: Segment, reading: OpenReading): Place | undefined {
  let value = from.value;
  let depth = 0;
  for (const step of segment.path) {
    if (!mayHaveMembers(value)) {
      addOnce(reading, { path: [...from.path, ...segment.path.slice(0, depth)], value, expected: "an object" });
      return undefined;
    }
    value = member(value, step);
    depth++;
  }
  if (from.path.length === 0) return { path: segment.path, key: segment.key, value };
  return { path: [...from.path, ...segment.path], key: joinKeys(from.key, segment.key), value };
}

function joinKeys(key: string, below: string): string {
  return below === "" ? key : `${key}.${below}`;
}

/** Entries are known by their names; where these do not tell them apart, by their positions. No two have the same key. */
function entries({ path, key, value }: Place, reading: OpenReading): readonly Place[] {
  if (value === undefined || value === null) return NO_ENTRIES;
  if (Array.isArray(value)) {
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
  addOnce(reading, { path, value, expected: "a list" });
  return NO_ENTRIES;
}

const NO_ENTRIES: readonly Place[] = [];

/** Rows share their first steps, so that two of them meet the same wrong value. */
function addOnce(reading: OpenReading, found: Malformed): void {
  const field = fieldOf(found.path);
  reading.malformedFields ??= new Set();
  if (reading.malformedFields.has(field)) return;
  reading.malformedFields.add(field);
  reading.malformed.push(found);
}

function readPlace(
  { role, form, images, createdName }: ReferenceRow,
  { path, key, value }: Place,
  reading: OpenReading,
): void {
  const { references } = reading;
  if (form === "name") {
    const name = readText(path, value, reading);
    references.push({ role, form, path, namePath: path, key, name, kind: "", images, createdName });
    return;
  }
  if (!mayHaveMembers(value)) addOnce(reading, { path, value, expected: "an object" });
  const namePath = [...path, "name"];
  const name = readText(namePath, member(value, "name"), reading);
  const kindText = member(value, "kind");
  const kind = kindText === undefined ? "" : readText([...path, "kind"], kindText, reading);
  references.push({ role, form, path, namePath, key, name, kind, images, createdName });
}

function readText(path: JsonPath, value: unknown, reading: OpenReading): string {
  if (typeof value === "string") return value;
  if (value !== undefined && value !== null) addOnce(reading, { path, value, expected: "a string" });
  return "";
}
