import { type Cdrom, cdromListPath, cdromReferences } from "../cdroms.ts";
import type { MachineContext } from "../context.ts";
import { staysPoweredOn } from "../power.ts";
import type { FieldError } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import type { AdmissionTarget } from "../../references/target.ts";
import type { Reference } from "../../references/parse.ts";

/**
 * CD-ROMs stay while the machine runs; only `connected` and `allowGuestControl` may change (vm-operator
 * validateCdromWhenPoweredOn).
 */
export function* cdromPoweredOn(context: MachineContext): Iterable<FieldError> {
  const { cdroms, oldParsed, target, converted } = context;
  // vm-operator restores the stored CD-ROMs.
  if (converted !== undefined) return;
  if (oldParsed === undefined || !staysPoweredOn(target)) return;
  for (const cdrom of cdroms) {
    if (cdrom.old === undefined) yield error(cdrom.reference, "be added");
    else if (isOther(cdrom))
      yield { ...error(cdrom.reference, "get another image"), value: cdrom.reference.name ?? "" };
  }
  const kept = new Set(cdroms.map(({ reference }) => reference.key));
  for (const old of cdromReferences(oldParsed)) {
    if (kept.has(old.key)) continue;
    yield { ...error(old, "be removed"), field: listField(target), value: entryName(old) };
  }
}

/** An absent kind may be filled. */
function isOther({ reference, old, change }: Cdrom): boolean {
  const fillsKind = old !== undefined && old.kind === undefined && old.name === reference.name;
  return change.is === "changed" && !fillsKind;
}

const POWER_OFF = "power it off first (spec.powerState: PoweredOff)";

function error({ path }: Reference, what: string): FieldError {
  const why = `a CD-ROM cannot ${what} while the VM is powered on`;
  return { check: "cdrom-powered-on", reason: "FieldValueForbidden", field: fieldOf(path), why, remedy: POWER_OFF };
}

/** The field of the list: a CD-ROM that is removed has no position. */
function listField(target: AdmissionTarget): string {
  return fieldOf(cdromListPath(target) ?? []);
}

/** `cd1` of `spec.hardware.cdrom[cd1].image` */
function entryName({ key }: Reference): string {
  return key.slice(key.indexOf("[") + 1, key.lastIndexOf("]"));
}
