import { at, type JsonObject } from "../json.ts";
import { readPins } from "./pins.ts";
import type { Reading, Reference } from "./reading.ts";
import { isSame, type Question, type ReferenceImage, resolveReference } from "./reference-image.ts";
import { type Change, exactChange, SAME, StoredImage } from "./stored-image.ts";

/** One CD-ROM of a machine, by the reference to its image. */
export interface Cdrom {
  readonly reference: Reference;
  /** The CD-ROM of the same name in the stored object. */
  readonly old: Reference | undefined;
  /** Absent means connected (vm-operator VirtualMachineCdromSpec). */
  readonly connected: boolean;
  /** How it stands to the stored one; `same` where there is none. */
  readonly change: Change;
  /** Where it is new or has another image; undefined where nobody needs to know. */
  readonly image: ReferenceImage | undefined;
}

export function cdromReferences({ references }: Reading): readonly Reference[] {
  return references.filter(({ role }) => role === "cdrom");
}

/**
 * The CD-ROMs of a machine (M17, M19). A value of a wrong type anywhere is refused for its type alone, so that
 * nothing is resolved then.
 */
export function cdromsOf(question: Question): readonly Cdrom[] {
  const { subject, reading, oldReading } = question;
  const stored = oldReading === undefined ? [] : cdromReferences(oldReading);
  return cdromReferences(reading).map((reference) => {
    const old = stored.find(({ key }) => key === reference.key);
    const connected = isConnected(subject.object, reference);
    const change = old === undefined ? SAME : cdromChange(question, reference, old);
    const isToJudge = reading.malformed.length === 0 && (old === undefined || change.is === "changed");
    return { reference, old, connected, change, image: isToJudge ? resolveReference(question, reference) : undefined };
  });
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

function isConnected(object: JsonObject | undefined, { path }: Reference): boolean {
  return at(object, [...path.slice(0, -1), "connected"]) !== false;
}

function cdromChange(question: Question, reference: Reference, old: Reference): Change {
  if (isSame(reference, old) || question.reading.malformed.length > 0) return SAME;
  if (question.subject.endpoint === "validate") return exactChange(reference, old);
  const stored = new StoredImage(question, {
    objectName: old.name === "" ? undefined : old.name,
    values: [old],
    pins: readPins(question.subject.oldObject),
  });
  return stored.change(reference, old);
}
