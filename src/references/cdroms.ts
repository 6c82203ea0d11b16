import { at } from "../json.ts";
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
    const connected = at(subject.object, [...reference.path.slice(0, -1), "connected"]) !== false;
    const change = old === undefined ? SAME : cdromChange(question, reference, old);
    const isToJudge = reading.malformed.length === 0 && (old === undefined || change.is === "changed");
    return { reference, old, connected, change, image: isToJudge ? resolveReference(question, reference) : undefined };
  });
}

/** The one that vm-operator boots from where nothing else is named: SetImageNameFromCdrom, virtualmachine_mutator.go. */
export function bootCdrom(cdroms: readonly Cdrom[]): Cdrom | undefined {
  return cdroms.find(({ connected }) => connected) ?? cdroms[0];
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
