import { type Cdrom, cdromReferences } from "../cdroms.ts";
import type { ReviewContext } from "../../references/context.ts";
import { isOnThroughout } from "../power.ts";
import type { FieldProblem } from "../../references/field-error.ts";
import { EACH } from "../../references/row.ts";
import { fieldOf, type Reference } from "../../references/parse.ts";

/**
 * CD-ROMs stay while the machine runs; only `connected` and `allowGuestControl` may change (vm-operator
 * validateCdromWhenPoweredOn).
 */
export function* cdromPoweredOn(context: ReviewContext): Iterable<FieldProblem> {
  const { cdroms, oldReading, subject } = context;
  // What vm-operator restores is what is stored.
  if (subject.restored !== undefined) return;
  if (oldReading === undefined || !isOnThroughout(subject)) return;
  for (const cdrom of cdroms) {
    if (cdrom.old === undefined) yield problem(cdrom.reference, "be added");
    else if (isOther(cdrom)) yield { ...problem(cdrom.reference, "get another image"), value: cdrom.reference.name };
  }
  const kept = new Set(cdroms.map(({ reference }) => reference.key));
  for (const old of cdromReferences(oldReading)) {
    if (kept.has(old.key)) continue;
    yield { ...problem(old, "be removed"), field: listField(context, old), value: entryName(old) };
  }
}

/** A kind that was empty may be filled. */
function isOther({ reference, old, change }: Cdrom): boolean {
  return change.is === "changed" && !(old?.kind === "" && old.name === reference.name);
}

function problem({ path }: Reference, what: string): FieldProblem {
  const why = `a CD-ROM cannot ${what} while the VM is powered on; power it off first (spec.powerState: PoweredOff)`;
  return { check: "cdrom-powered-on", reason: "FieldValueForbidden", field: fieldOf(path), why };
}

/** What is gone has no position any more. */
function listField({ subject }: ReviewContext, { path }: Reference): string {
  const row = subject.rows.find(({ role, path: steps }) => role === "cdrom" && steps[0] === path[0]);
  const steps = row?.path ?? [];
  return fieldOf(steps.slice(0, steps.indexOf(EACH)));
}

/** `cd1` of `spec.hardware.cdrom[cd1].image` */
function entryName({ key }: Reference): string {
  return key.slice(key.indexOf("[") + 1, key.lastIndexOf("]"));
}
