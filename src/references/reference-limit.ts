import { at, type JsonObject } from "../json.ts";
import type { FieldProblem } from "./problem.ts";
import { fieldOf } from "./reading.ts";
import { EACH, type ReferenceRow } from "./row.ts";
import type { Subject } from "./subject.ts";

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
export function excessReferences({ rows, object, oldObject }: Subject): readonly FieldProblem[] {
  const places = rows.map((row) => placesOf(row, object, oldObject));
  const tooManyCdroms = places.filter(
    ({ row, count, stored }) => row.role === "cdrom" && count > most(MAX_CDROMS, stored),
  );
  if (tooManyCdroms.length > 0) {
    return tooManyCdroms.map(({ field, count, stored }) =>
      problem(
        field,
        count,
        `a VM may have at most ${MAX_CDROMS} CD-ROMs; leave ${count - most(MAX_CDROMS, stored)} out`,
      ),
    );
  }
  const total = sum(places.map(({ count }) => count));
  const allowed = most(MAX_REFERENCES, sum(places.map(({ stored }) => stored)));
  if (total <= allowed) return [];
  const grown = places.filter(({ count, stored }) => count > stored);
  const largest = grown.reduce((one, other) => (other.count > one.count ? other : one));
  const why =
    `an object may have at most ${MAX_REFERENCES} places that name images, and this one has ${total}; ` +
    `leave ${total - allowed} out, or make several objects`;
  return [problem(largest.field, largest.count, why)];
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
  return { row, field, count: countAt(object, row.path), stored: countAt(oldObject, row.path) };
}

/** A list counts its entries without a look into them, unless lists are in them. */
function countAt(value: unknown, path: readonly string[]): number {
  const each = path.indexOf(EACH);
  const found = at(value, each === -1 ? path : path.slice(0, each));
  if (each === -1) return found === undefined || found === null || found === "" ? 0 : 1;
  if (!Array.isArray(found)) return 0;
  const below = path.slice(each + 1);
  return below.includes(EACH) ? sum(found.map((entry: unknown) => countAt(entry, below))) : found.length;
}
