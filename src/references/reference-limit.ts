import { fieldOf } from "../common/field-path.ts";
import { at, type JsonObject, listAt } from "../common/json.ts";
import type { FieldError } from "./field-error.ts";
import { type CompiledRow, EACH } from "./row.ts";
import type { AdmissionTarget } from "./target.ts";

/** Places of one object that name images, of whatever kind. A review with so many takes some 20 ms. */
export const MAX_REFERENCES = 1_000;

/** The places of one row: one, or those of a list. */
export interface PlaceCount {
  readonly row: CompiledRow;
  /** Path of the place, or of the list. */
  readonly path: readonly string[];
  readonly count: number;
  /** In the stored object; 0 on CREATE. */
  readonly stored: number;
}

export function placeCounts({ rows, object, oldObject }: AdmissionTarget): readonly PlaceCount[] {
  return rows.map((row) => {
    const each = row.path.indexOf(EACH);
    const path = each === -1 ? row.path : row.path.slice(0, each);
    return { row, path, count: countAt(object, row), stored: countAt(oldObject, row) };
  });
}

/**
 * The error for more places than allowed, found before any is parsed: a review blocks the event loop for as long as it
 * takes. An UPDATE is refused only where it has more than the stored object.
 */
export function excessReferences(places: readonly PlaceCount[]): readonly FieldError[] {
  const total = sum(places.map(({ count }) => count));
  const allowed = atLeastStored(MAX_REFERENCES, sum(places.map(({ stored }) => stored)));
  if (total <= allowed) return [];
  const grown = places.filter(({ row, count, stored }) => row.path.includes(EACH) && count > stored);
  if (grown.length === 0) return [];
  const largest = grown.reduce((one, other) => (other.count > one.count ? other : one));
  const why =
    `an object may have at most ${MAX_REFERENCES} places that name images, and this one has ${total}; ` +
    `leave ${total - allowed} out, or make several objects`;
  return [tooMany(largest.path, largest.count, why)];
}

/** The limit, or the stored count where that is larger already. */
export function atLeastStored(limit: number, stored: number): number {
  return Math.max(limit, stored);
}

export function tooMany(path: readonly string[], value: number, why: string): FieldError {
  return { check: "limit", reason: "FieldValueTooMany", field: fieldOf(path), value, why };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** A list counts its CD-ROMs, or the entries that have a value where a reference would be. */
function countAt(value: JsonObject | undefined, { role, compiled }: CompiledRow): number {
  if (compiled.is === "field") return hasValue(at(value, compiled.location.path)) ? 1 : 0;
  const entries = listAt(value, compiled.list);
  if (role === "cdrom" || compiled.below.length === 0) return entries.length;
  return entries.filter((entry) => hasValue(at(entry, compiled.below))).length;
}

function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
