import type { FieldError } from "../references/field-error.ts";
import { atLeastStored, excessReferences, placeCounts, tooMany } from "../references/reference-limit.ts";
import type { AdmissionTarget } from "../references/target.ts";
import { CONVERSION_PATH, type ConvertedMachine } from "./conversion.ts";

/** CD-ROMs of one machine; a vSphere VM has room for 124 (2 IDE controllers of 2 devices, 4 SATA controllers of 30). */
export const MAX_CDROMS = 256;

/** Errors for more CD-ROMs or references than allowed. An UPDATE may keep as many as are stored. */
export function excess(target: AdmissionTarget, converted: ConvertedMachine | undefined): readonly FieldError[] {
  const ofAnnotation = target.operation === "CREATE" ? (converted?.cdroms.length ?? 0) : 0;
  if (ofAnnotation > MAX_CDROMS) return [tooManyCdroms(CONVERSION_PATH, ofAnnotation, MAX_CDROMS)];
  const places = placeCounts(target);
  const cdroms = places.flatMap(({ row, path, count, stored }) => {
    const allowed = atLeastStored(MAX_CDROMS, stored);
    return row.role === "cdrom" && count > allowed ? tooManyCdroms(path, count, allowed) : [];
  });
  return cdroms.length > 0 ? cdroms : excessReferences(places);
}

function tooManyCdroms(path: readonly string[], count: number, allowed: number): FieldError {
  return tooMany(path, count, `a VM may have at most ${MAX_CDROMS} CD-ROMs; leave ${count - allowed} out`);
}
