import { at, isJsonObject, isSameJson, type JsonPath, listAt } from "../common/json.ts";
import type { OsImageContext } from "./context.ts";
import { fieldOf } from "../common/field-path.ts";
import type { Malformed } from "../references/parse.ts";
import type { AdmissionTarget } from "../references/target.ts";

const PROPERTIES = ["spec", "properties"];

/** An OSImage that is itself under review. */
export interface OsImageObject {
  /** Values that are non-empty strings, by key. */
  readonly properties: ReadonlyMap<string, string>;
  /** Whether a property has a value, of whatever type. */
  readonly hasProperty: (key: string) => boolean;
  /** Whether the value at a path is new or another: on UPDATE only changes are checked. */
  readonly hasChanged: (path: JsonPath) => boolean;
  /** The same for any of these properties. */
  readonly hasChangedProperty: (...keys: readonly string[]) => boolean;
}

/** Undefined for an object of another kind. */
export function osImageOf({ target }: Pick<OsImageContext, "target">): OsImageObject | undefined {
  if (!isOsImage(target)) return undefined;
  const { object, oldObject } = target;
  const hasChanged = (path: JsonPath): boolean =>
    oldObject === undefined || !isSameJson(at(object, path), at(oldObject, path));
  return {
    properties: new Map(entriesAt(object, PROPERTIES).filter((entry): entry is [string, string] => isText(entry[1]))),
    hasProperty: (key) => hasValue(at(object, [...PROPERTIES, key])),
    hasChanged,
    hasChangedProperty: (...keys) => keys.some((key) => hasChanged([...PROPERTIES, key])),
  };
}

/** `spec.properties[metal3.vcluster.com/image-url]` */
export function propertyField(key: string): string {
  return fieldOf([...PROPERTIES, key]);
}

/** Values of an OSImage that have another JSON type than their field. */
export function malformedIn(target: AdmissionTarget): readonly Malformed[] {
  if (!isOsImage(target)) return [];
  const { object } = target;
  const properties = at(object, PROPERTIES);
  const access = at(object, ["spec", "access"]);
  return [
    ...wrong(PROPERTIES, properties, "an object"),
    ...entriesAt(object, PROPERTIES).flatMap(([key, value]) => wrong([...PROPERTIES, key], value, "a string")),
    ...wrong(["spec", "owner"], at(object, ["spec", "owner"]), "an object"),
    ...wrong(["spec", "access"], access, "a list"),
    ...listAt(object, ["spec", "access"]).flatMap((entry, index) =>
      wrong(["spec", "access", index], entry, "an object"),
    ),
  ];
}

function isOsImage({ rows }: AdmissionTarget): boolean {
  return rows.some(({ role, images }) => role === "creates" && images.includes("OSImage"));
}

const IS_TYPE = {
  "a string": (value: unknown) => typeof value === "string",
  "an object": isJsonObject,
  "a list": (value: unknown) => Array.isArray(value),
};

function wrong(path: JsonPath, value: unknown, expected: Malformed["expected"]): readonly Malformed[] {
  if (value === undefined || value === null || IS_TYPE[expected](value)) return [];
  return [{ path, value, expected }];
}

function entriesAt(object: unknown, path: JsonPath): readonly [string, unknown][] {
  const value = at(object, path);
  return isJsonObject(value) ? Object.entries(value) : [];
}

/** Absent and "" are the same. */
function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** null is absent, and "" is the same as absent. */
function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
