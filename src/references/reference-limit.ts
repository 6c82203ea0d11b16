import { at, type JsonObject, listAt } from "../common/json.ts";
import { CONVERSION_PATH } from "../vm-operator/conversion.ts";
import type { FieldProblem } from "./field-error.ts";
import { fieldOf } from "./parse.ts";
import { EACH, type ReferenceRow } from "./row.ts";
import type { Subject } from "./target.ts";

/** CD-ROMs of one machine; a vSphere VM has room for 124 (2 IDE controllers of 2 devices, 4 SATA controllers of 30). */
export const MAX_CDROMS = 256;

/** Places of one object that name images, of whatever kind. A review with so many takes some 20 ms. */
export const MAX_REFERENCES = 1_000;

/** The places of one row: one, or those of a list. */
interface Places {
  readonly row: ReferenceRow;
  /** The place itself, or the list. */
  readonly field: readonly string[];
  readonly count: number;
  /** In the stored object; 0 on CREATE. */
  readonly stored: number;
}

/**
 * What an object has too many of, by its lists, before any of it is read: a review holds the event loop for as long as it
 * takes. An UPDATE is refused only where there are more than in the stored object.
 */
export function excessReferences(subject: Subject): readonly FieldProblem[] {
  const { rows, operation, object, oldObject } = subject;
  const places = rows.map((row) => placesOf(row, object, oldObject));
  const restored = operation === "CREATE" ? (subject.restored?.cdroms.length ?? 0) : 0;
  if (restored > MAX_CDROMS) return [tooManyCdroms(CONVERSION_PATH, restored, MAX_CDROMS)];
  const cdroms = places.filter(({ row, count, stored }) => row.role === "cdrom" && count > most(MAX_CDROMS, stored));
  if (cdroms.length > 0) {
    return cdroms.map(({ field, count, stored }) => tooManyCdroms(field, count, most(MAX_CDROMS, stored)));
  }
  const total = sum(places.map(({ count }) => count));
  const allowed = most(MAX_REFERENCES, sum(places.map(({ stored }) => stored)));
  if (total <= allowed) return [];
  const grown = places.filter(({ row, count, stored }) => row.path.includes(EACH) && count > stored);
  if (grown.length === 0) return [];
  const largest = grown.reduce((one, other) => (other.count > one.count ? other : one));
  const why =
    `an object may have at most ${MAX_REFERENCES} places that name images, and this one has ${total}; ` +
    `leave ${total - allowed} out, or make several objects`;
  return [problem(largest.field, largest.count, why)];
}

function tooManyCdroms(field: readonly string[], count: number, allowed: number): FieldProblem {
  return problem(field, count, `a VM may have at most ${MAX_CDROMS} CD-ROMs; leave ${count - allowed} out`);
}

/** What is stored already may stay. */
function most(limit: number, stored: number): number {
  return Math.max(limit, stored);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function problem(field: readonly string[], value: number, why: string): FieldProblem {
  return { check: "limit", reason: "FieldValueTooMany", field: fieldOf(field), value, why };
}

function placesOf(row: ReferenceRow, object: JsonObject, oldObject: JsonObject | undefined): Places {
  const each = row.path.indexOf(EACH);
  const field = each === -1 ? row.path : row.path.slice(0, each);
  return { row, field, count: countAt(object, row), stored: countAt(oldObject, row) };
}

/** A list counts its CD-ROMs, or the entries that say something where a reference would be. */
function countAt(value: unknown, { role, path }: Pick<ReferenceRow, "role" | "path">): number {
  const each = path.indexOf(EACH);
  if (each === -1) return isSaid(at(value, path)) ? 1 : 0;
  const entries = listAt(value, path.slice(0, each));
  const below = path.slice(each + 1);
  if (role === "cdrom" || below.length === 0) return entries.length;
  return sum(entries.map((entry) => countAt(entry, { role, path: below })));
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
