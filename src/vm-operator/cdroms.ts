import { at, type JsonObject } from "../common/json.ts";
import { type ChangingReference, changingReferences } from "../references/changing-reference.ts";
import type { Reading, Reference } from "../references/parse.ts";
import type { RestoredCdrom } from "./conversion.ts";
import { isOnThroughout } from "./power.ts";
import { type Question, resolveReference } from "../references/resolve-reference.ts";
import { SAME } from "../references/stored-reference.ts";

/** One CD-ROM of a machine, by the reference to its image; CD-ROMs are known by their names. */
export interface Cdrom extends ChangingReference {
  /** Absent means connected (vm-operator VirtualMachineCdromSpec). */
  readonly connected: boolean;
}

export function cdromReferences({ references }: Reading): readonly Reference[] {
  return references.filter(({ role }) => role === "cdrom");
}

/**
 * The CD-ROMs of a machine (M17, M19), or those that vm-operator restores from its annotation: these are judged on
 * CREATE, and never rewritten.
 */
export function cdromsOf(question: Question): readonly Cdrom[] {
  const { subject } = question;
  if (subject.restored !== undefined)
    return subject.restored.cdroms.map((cdrom) => createdFromAnnotation(question, cdrom));
  const isFixed = isOnThroughout(subject);
  return changingReferences(question, "cdrom", (stored, sent, old) =>
    stored.changeOfChangeable(sent, old, isFixed),
  ).map((each) => ({ ...each, connected: isConnected(subject.object, each.reference) }));
}

function createdFromAnnotation(question: Question, { reference, connected }: RestoredCdrom): Cdrom {
  const isCreated = question.subject.operation === "CREATE" && question.reading.malformed.length === 0;
  const image = isCreated ? resolveReference(question, reference) : undefined;
  return { reference, old: undefined, change: SAME, image, connected };
}

/** The one that vm-operator boots from where nothing else is named: SetImageNameFromCdrom, virtualmachine_mutator.go. */
export function bootCdrom<T extends { readonly connected: boolean }>(cdroms: readonly T[]): T | undefined {
  return cdroms.find(({ connected }) => connected) ?? cdroms[0];
}

/** The name of its image in the stored object. */
export function storedBootCdrom({ subject, oldReading }: Question): string | undefined {
  const references = oldReading === undefined ? [] : cdromReferences(oldReading);
  const stored = references.map((reference) => ({
    name: reference.name,
    connected: isConnected(subject.oldObject, reference),
  }));
  return bootCdrom(stored)?.name;
}

/** Whether the CD-ROM of this image is connected, in the object that the reference was read from. */
export function isConnected(object: JsonObject | undefined, { path }: Reference): boolean {
  return at(object, [...path.slice(0, -1), "connected"]) !== false;
}
