import { at, type JsonObject } from "../common/json.ts";
import { type ChangingReference, changingReferences } from "../references/changing-reference.ts";
import type { ParsedReferences, Reference } from "../references/parse.ts";
import { resolveReference } from "../references/resolve-reference.ts";
import { EACH } from "../references/row.ts";
import { SAME } from "../references/stored-reference.ts";
import type { AdmissionTarget } from "../references/target.ts";
import type { ConversionContext } from "./context.ts";
import type { ConvertedCdrom } from "./conversion.ts";
import { staysPoweredOn } from "./power.ts";

/** A CD-ROM of a machine, by the reference to its image. Its name identifies it. */
export interface Cdrom extends ChangingReference {
  /** Absent means connected (vm-operator VirtualMachineCdromSpec). */
  readonly connected: boolean;
}

export function cdromReferences({ references }: ParsedReferences): readonly Reference[] {
  return references.filter(({ role }) => role === "cdrom");
}

/**
 * The CD-ROMs of a machine (M17, M19). Those that vm-operator restores from its annotation take their place: they are
 * looked up on CREATE, and never rewritten.
 */
export function cdromsOf(context: ConversionContext): readonly Cdrom[] {
  const { target, converted } = context;
  if (converted !== undefined) return converted.cdroms.map((cdrom) => cdromOfAnnotation(context, cdrom));
  const isFixed = staysPoweredOn(target);
  return changingReferences(context, "cdrom", (stored, sent, old) => stored.compareMutable(sent, old, isFixed)).map(
    (each) => ({ ...each, connected: isConnected(target.object, each.reference) }),
  );
}

function cdromOfAnnotation(context: ConversionContext, { reference, connected }: ConvertedCdrom): Cdrom {
  const isLookedUp = context.target.operation === "CREATE" && context.parsed.malformed.length === 0;
  const lookup = isLookedUp ? resolveReference(context, reference) : undefined;
  return { reference, old: undefined, change: SAME, lookup, connected };
}

/** The path of the list of CD-ROMs; undefined in versions without one. */
export function cdromListPath({ rows }: AdmissionTarget): readonly string[] | undefined {
  const path = rows.find(({ role }) => role === "cdrom")?.path;
  return path?.slice(0, path.indexOf(EACH));
}

/** The one that vm-operator boots from where nothing else is named: SetImageNameFromCdrom, virtualmachine_mutator.go. */
export function bootCdrom<T extends { readonly connected: boolean }>(cdroms: readonly T[]): T | undefined {
  return cdroms.find(({ connected }) => connected) ?? cdroms[0];
}

/** The stored CD-ROM that boots. */
export function storedBootCdrom({
  target,
  oldParsed,
}: Pick<ConversionContext, "target" | "oldParsed">): Reference | undefined {
  const references = oldParsed === undefined ? [] : cdromReferences(oldParsed);
  const stored = references.map((reference) => ({ reference, connected: isConnected(target.oldObject, reference) }));
  return bootCdrom(stored)?.reference;
}

/** Whether the CD-ROM of this reference is connected in the object that the reference was parsed from. */
export function isConnected(object: JsonObject | undefined, { path }: Reference): boolean {
  return at(object, [...path.slice(0, -1), "connected"]) !== false;
}
