import { isJsonObject, type JsonObject, type JsonPath, member, textAt } from "../json.ts";
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

interface Place {
  readonly path: JsonPath;
  readonly key: string;
  readonly value: unknown;
}

/** The values that a row's path leads to; wrong types on the way are malformed, once each. */
function places(object: JsonObject, path: readonly string[], malformed: Malformed[]): readonly Place[] {
  const [straight = NOWHERE, ...others] = segmentsOf(path);
  const first = placeBelow({ path: [], key: "", value: object }, straight, malformed);
  let here: readonly Place[] = first === undefined ? [] : [first];
  for (const segment of others) {
    here = here.flatMap((list) =>
      entries(list, malformed).flatMap((entry) => placeBelow(entry, segment, malformed) ?? []),
    );
  }
  return here;
}

/** Members from one list entry to the next, or to the end. */
interface Segment {
  readonly path: readonly string[];
  /** `spec.hardware.cdrom` */
  readonly key: string;
}

const NOWHERE: Segment = { path: [], key: "" };

/** A path in the parts between its lists. Paths are those of THE table, so that each is cut once. */
function segmentsOf(path: readonly string[]): readonly Segment[] {
  const known = SEGMENTS.get(path);
  if (known !== undefined) return known;
  const segments: string[][] = [[]];
  for (const step of path) {
    if (step === EACH) segments.push([]);
    else segments.at(-1)?.push(step);
  }
  const made = segments.map((steps): Segment => ({ path: steps, key: fieldOf(steps) }));
  SEGMENTS.set(path, made);
  return made;
}

const SEGMENTS = new WeakMap<readonly string[], readonly Segment[]>();

/** What a segment leads to from a place; undefined behind a value of a wrong type. */
function placeBelow(from: Place, segment: Segment, malformed: Malformed[]): Place | undefined {
  let value = from.value;
  for (const [depth, step] of segment.path.entries()) {
    if (value !== undefined && value !== null && !isJsonObject(value)) {
      addOnce(malformed, { path: [...from.path, ...segment.path.slice(0, depth)], value, expected: "an object" });
      return undefined;
    }
    value = member(value, step);
  }
  if (from.path.length === 0) return { path: segment.path, key: segment.key, value };
  return { path: [...from.path, ...segment.path], key: joinKeys(from.key, segment.key), value };
}

function joinKeys(key: string, below: string): string {
  return below === "" ? key : `${key}.${below}`;
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
  const { role, form, images } = row;
  if (form === "name") {
    const name = readText(path, value, reading.malformed);
    reading.references.push({ role, form, path, namePath: path, key, name, kind: "", images });
    return;
  }
  if (value !== undefined && value !== null && !isJsonObject(value)) {
    addOnce(reading.malformed, { path, value, expected: "an object" });
  }
  const namePath = [...path, "name"];
  const name = readText(namePath, member(value, "name"), reading.malformed);
  const kind = readText([...path, "kind"], member(value, "kind"), reading.malformed);
  reading.references.push({ role, form, path, namePath, key, name, kind, images });
}

function readText(path: JsonPath, value: unknown, malformed: Malformed[]): string {
  if (typeof value === "string") return value;
  if (value !== undefined && value !== null) addOnce(malformed, { path, value, expected: "a string" });
  return "";
}
