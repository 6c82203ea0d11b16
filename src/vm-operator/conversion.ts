import { VM_OPERATOR_GROUP } from "../images/image.ts";
import { find, type NotSynced } from "../images/resolve.ts";
import { at, type JsonObject, parsedObject } from "../common/json.ts";
import { bootOf, type BootReferences } from "./boot-references.ts";
import { bootCdrom, cdromReferences, isConnected } from "./cdroms.ts";
import { nameKey, readReferences, type Reference } from "../references/parse.ts";
import { queryOf, type Question } from "../references/resolve-reference.ts";
import { referenceRows, VERSIONS } from "./rows.ts";
import type { Subject } from "../references/target.ts";

/**
 * Where vm-operator keeps the newest version of a machine, as JSON without metadata, in what it shows of older ones
 * (api/utilconversion MarshalData): a clone made from `kubectl get -o yaml` carries it.
 */
export const CONVERSION_ANNOTATION = "vmoperator.vmware.com/conversion";

export const CONVERSION_PATH = ["metadata", "annotations", CONVERSION_ANNOTATION];
const NEWEST_ROWS = referenceRows(VM_OPERATOR_GROUP, VERSIONS[0], "VirtualMachine");

/**
 * The machine in the annotation of a v1alpha1 or v1alpha2 object, the versions without `spec.image`: vm-operator restores
 * `spec.image`, `spec.imageName` and the CD-ROMs from it, and ignores what the object itself says about images
 * (api/v1alpha2/virtualmachine_conversion.go restore_v1alpha6_VirtualMachineImage).
 */
export interface RestoredMachine {
  readonly machine: JsonObject;
  readonly boot: BootReferences;
  readonly cdroms: readonly RestoredCdrom[];
}

export interface RestoredCdrom {
  /** Its paths are that of the annotation. */
  readonly reference: Reference;
  readonly connected: boolean;
}

/** Undefined where no conversion restores images, or where the annotation cannot be read, which vm-operator ignores. */
export function restoredMachine({ object, rows }: Pick<Subject, "object" | "rows">): RestoredMachine | undefined {
  const boot = rows.filter(({ role }) => role === "boot");
  if (boot.length === 0 || boot.some(({ form }) => form === "object")) return undefined;
  const machine = parsedObject(at(object, CONVERSION_PATH));
  if (machine === undefined) return undefined;
  const reading = readReferences(machine, NEWEST_ROWS);
  if (reading.malformed.length > 0) return undefined;
  const cdroms = cdromReferences(reading).map((reference) => restoredCdrom(machine, reference));
  return { machine, boot: bootOf(reading), cdroms };
}

/** vm-operator fills a missing kind with the namespaced one (SetDefaultCdromImgKindOnCreate). */
function restoredCdrom(machine: JsonObject, reference: Reference): RestoredCdrom {
  const { kind } = reference;
  return {
    reference: {
      ...reference,
      path: CONVERSION_PATH,
      namePath: CONVERSION_PATH,
      kind: kind === "" ? "VirtualMachineImage" : kind,
    },
    connected: isConnected(machine, reference),
  };
}

/** What a machine boots from that its annotation restores, compared with the `imageName` that is written beside it. */
export type RestoredBoot =
  | { readonly is: "asWritten" }
  /** `name` as the annotation has it, "" where it names no image. */
  | { readonly is: "other"; readonly name: string }
  | NotSynced;

/** The comparison on CREATE. */
export function restoredBoot(question: Question, restored: RestoredMachine, written: Reference): RestoredBoot {
  const kept = keptReference(restored);
  if (kept === undefined) return written.name === "" ? AS_WRITTEN : { is: "other", name: "" };
  const other: RestoredBoot = { is: "other", name: kept.name };
  return written.name === "" ? other : (meantByBoth(question, { restored, kept, written }) ?? other);
}

interface Compared {
  readonly restored: RestoredMachine;
  readonly kept: Reference;
  readonly written: Reference;
}

/** Undefined where annotation and object do not mean the same image. */
function meantByBoth(question: Question, compared: Compared): RestoredBoot | undefined {
  const { kept, written } = compared;
  const meant = find(question.index, queryOf(question, written), question.policy.resolution);
  if (meant?.is === "notSynced") return meant;
  if (meant?.is === "resolved") return meantBy(question, kept, meant.image.name);
  return isSpelledAlike(question, compared) ? AS_WRITTEN : undefined;
}

/** Whether the annotation's reference means the image of this object name; undefined where it does not. */
function meantBy(question: Question, kept: Reference, objectName: string): RestoredBoot | undefined {
  if (kept.name === objectName) return AS_WRITTEN;
  const meaning = meaningOfKept(question, kept);
  if (meaning?.is === "notSynced") return meaning;
  return meaning?.is === "resolved" && meaning.image.name === objectName ? AS_WRITTEN : undefined;
}

const AS_WRITTEN: RestoredBoot = { is: "asWritten" };

/** The reference that decides in the annotation: `spec.image`, else `imageName`, else the CD-ROM (SetImageNameFromCdrom). */
function keptReference({ boot, cdroms }: RestoredMachine): Reference | undefined {
  const references = [boot.image, boot.imageName, bootCdrom(cdroms)?.reference];
  return references.find((reference) => reference !== undefined && reference.name !== "");
}

/** vm-operator reads an `imageName`, and a CD-ROM's name as one, by its own rule; `spec.image` is an object already. */
function meaningOfKept({ index, subject }: Question, { role, form, name, kind }: Reference): ReturnType<typeof find> {
  if (role === "boot" && form === "object" && kind !== "") return undefined;
  return find(index, { namespace: subject.namespace, name }, "strict");
}

/** A written name that means nothing now is the same image where the annotation, or an earlier pin, says that name. */
function isSpelledAlike({ pins }: Question, { restored, kept, written }: Compared): boolean {
  if ([kept.name, restored.boot.imageName?.name].includes(written.name)) return true;
  const pin = pins.get(nameKey(written));
  return pin?.requested === written.name && pin.resolved === kept.name;
}
