import { distance } from "fastest-levenshtein";
import { fieldOf } from "../common/field-path.ts";
import { isJsonObject, type JsonObject, type JsonPath } from "../common/json.ts";
import { printable } from "./field-error.ts";
import { EACH, type ReferenceRow } from "./row.ts";

/** A field that a version does not have: the API server refuses or drops it, so no webhook sees it. */
export interface UnknownField {
  readonly field: string;
  /** What was meant, or which versions have the field. */
  readonly message: string;
}

/** The steps of paths below one step. */
type Steps = ReadonlyMap<string, StepTree>;
interface StepTree {
  readonly below: Steps;
}

/** So many edits away, a short and a long key is a misspelling. */
const SHORT_KEY_EDITS = 1;
const LONG_KEY_EDITS = 2;
const LONG_KEY = 5;

/**
 * The fields of an object that are nearly, or in another version, a field that names an image. `rows`: those of the
 * object's kind, in all versions; a version without rows has no such fields. Tests hold it against every field of
 * vm-operator's CRDs.
 */
export function unknownFields(
  object: JsonObject,
  version: string,
  rows: readonly ReferenceRow[],
): readonly UnknownField[] {
  const own = rows.filter(({ versions }) => versions.includes(version));
  if (own.length === 0) return [];
  const found = [...misspelled(object, treeOf(own.map(pathsOf).flat()), []), ...ofOtherVersions(object, version, rows)];
  return [...new Map(found.map((each) => [each.field, each])).values()];
}

/** A reference by an object has two fields of its own. */
function pathsOf({ path, form }: ReferenceRow): readonly (readonly string[])[] {
  return form === "name"
    ? [path]
    : [
        [...path, "kind"],
        [...path, "name"],
      ];
}

function treeOf(paths: readonly (readonly string[])[]): Steps {
  const byFirst = Map.groupBy(
    paths.filter((path) => path.length > 0),
    ([first = ""]) => first,
  );
  return new Map([...byFirst].map(([first, each]) => [first, { below: treeOf(each.map((path) => path.slice(1))) }]));
}

function misspelled(value: unknown, steps: Steps, path: JsonPath): readonly UnknownField[] {
  const each = steps.get(EACH);
  if (each !== undefined && Array.isArray(value)) {
    return value.flatMap((item, position) => misspelled(item, each.below, [...path, position]));
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => {
    const known = steps.get(key);
    if (known !== undefined) return misspelled(below, known.below, [...path, key]);
    const meant = [...steps.keys()].find((step) => isMisspelling(key, step));
    return meant === undefined
      ? []
      : [{ field: printable(fieldOf([...path, key])), message: `unknown field; did you mean ${meant}?` }];
  });
}

/** Keys of free maps, such as vcluster.com/os-image, are no field names. */
function isMisspelling(key: string, step: string): boolean {
  if (!/^\w+$/.test(step)) return false;
  const [one, other] = [folded(key), folded(step)];
  return distance(one, other) <= (other.length < LONG_KEY ? SHORT_KEY_EDITS : LONG_KEY_EDITS);
}

function folded(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Fields that name an image in other versions of the kind only. */
function ofOtherVersions(object: JsonObject, version: string, rows: readonly ReferenceRow[]): readonly UnknownField[] {
  const own = rows.filter(({ versions }) => versions.includes(version));
  return rows
    .filter((row) => !row.versions.includes(version))
    .flatMap((row) => {
      const path = firstUnknown(row.path, own);
      if (path === undefined || !isPresent(object, path)) return [];
      const here = own.filter(({ role }) => role === row.role).map((each) => fieldText(each.path));
      const remedy = here.length === 0 ? "use" : `write ${here.join(" or ")}, or use`;
      const message = `unknown field in ${version}; ${remedy} one of the versions that have it: ${row.versions.join(", ")}`;
      return [{ field: fieldText(path), message }];
    });
}

/** The beginning of a path up to the first step that no row of this version has. */
function firstUnknown(path: readonly string[], own: readonly ReferenceRow[]): readonly string[] | undefined {
  const lengths = path.map((_, position) => position + 1);
  const length = lengths.find((each) => !own.some((row) => isPrefix(path.slice(0, each), row.path)));
  return length === undefined ? undefined : path.slice(0, length);
}

function isPrefix(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((step, position) => whole[position] === step);
}

function isPresent(value: unknown, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return value !== undefined && value !== null;
  if (step === EACH) return Array.isArray(value) && value.some((item) => isPresent(item, rest));
  return isJsonObject(value) && Object.hasOwn(value, step) && isPresent(value[step], rest);
}

function fieldText(path: readonly string[]): string {
  return path.join(".").replaceAll(`.${EACH}`, EACH);
}
