import { at, type JsonObject, parsedObject } from "../common/json.ts";
import { find, type NotSynced } from "../images/resolve.ts";
import type { ReviewContext } from "../references/context.ts";
import { nameKey, type ObjectReference, parseReferences, type Reference } from "../references/parse.ts";
import { queryOf } from "../references/resolve-reference.ts";
import type { AdmissionTarget } from "../references/target.ts";
import { bootReferencesOf, type BootReferences } from "./boot-references.ts";
import { bootCdrom, cdromReferences, isConnected } from "./cdroms.ts";
import { VERSIONS, VM_ROWS } from "./rows.ts";

/**
 * Where vm-operator keeps the newest version of a machine, as JSON without metadata, in what it shows of older ones
 * (api/utilconversion MarshalData): a clone made from `kubectl get -o yaml` carries it.
 */
export const CONVERSION_ANNOTATION = "vmoperator.vmware.com/conversion";

export const CONVERSION_PATH = ["metadata", "annotations", CONVERSION_ANNOTATION];
const NEWEST_ROWS = VM_ROWS.filter(({ kind, versions }) => kind === "VirtualMachine" && versions.includes(VERSIONS[0]));

/**
 * The machine in the annotation of a v1alpha1 or v1alpha2 object, the versions without `spec.image`: vm-operator restores
 * `spec.image`, `spec.imageName` and the CD-ROMs from it, and ignores what the object itself says about images
 * (api/v1alpha2/virtualmachine_conversion.go restore_v1alpha6_VirtualMachineImage).
 */
export interface ConvertedMachine {
  readonly machine: JsonObject;
  readonly boot: BootReferences;
  readonly cdroms: readonly ConvertedCdrom[];
}

export interface ConvertedCdrom {
  /** Each of its paths is that of the annotation. */
  readonly reference: Reference;
  readonly connected: boolean;
}

/** Undefined where no conversion restores images, or where the annotation cannot be read, which vm-operator ignores. */
export function convertedMachine({
  object,
  rows,
}: Pick<AdmissionTarget, "object" | "rows">): ConvertedMachine | undefined {
  const boot = rows.filter(({ role }) => role === "boot");
  if (boot.length === 0 || boot.some(({ form }) => form === "object")) return undefined;
  const machine = parsedObject(at(object, CONVERSION_PATH));
  if (machine === undefined) return undefined;
  const parsed = parseReferences(machine, NEWEST_ROWS);
  if (parsed.malformed.length > 0) return undefined;
  const cdroms = cdromReferences(parsed).flatMap((reference) =>
    reference.form === "object" ? annotationCdrom(machine, reference) : [],
  );
  return { machine, boot: bootReferencesOf(parsed), cdroms };
}

/** vm-operator fills a missing kind with the namespaced one (SetDefaultCdromImgKindOnCreate). */
function annotationCdrom(machine: JsonObject, reference: ObjectReference): ConvertedCdrom {
  const { kind = "VirtualMachineImage" } = reference;
  return {
    reference: { ...reference, path: CONVERSION_PATH, namePath: CONVERSION_PATH, kind },
    connected: isConnected(machine, reference),
  };
}

/** Result of comparing what the annotation boots with the `imageName` of the object. */
export type ConvertedBoot =
  | { readonly is: "asWritten" }
  /** `name` of the annotation; undefined where it names no image. */
  | { readonly is: "other"; readonly name: string | undefined }
  | NotSynced;

/** The comparison on CREATE. */
export function convertedBoot(context: ReviewContext, converted: ConvertedMachine, written: Reference): ConvertedBoot {
  const kept = annotationReference(converted);
  const { name } = written;
  if (kept === undefined) return name === undefined ? AS_WRITTEN : { is: "other", name: undefined };
  const other: ConvertedBoot = { is: "other", name: kept.name };
  return name === undefined ? other : (compareImages(context, { converted, kept, written, name }) ?? other);
}

interface Compared {
  readonly converted: ConvertedMachine;
  /** The deciding references of the annotation and of the object. */
  readonly kept: Reference;
  readonly written: Reference;
}

/** Undefined where annotation and object do not mean the same image. */
function compareImages(
  context: ReviewContext,
  compared: Compared & { readonly name: string },
): ConvertedBoot | undefined {
  const { kept, written, name } = compared;
  const found = find(context.index, queryOf(context, written, name), context.policy.resolution);
  if (found?.is === "notSynced") return found;
  if (found?.is === "resolved") return compareWithObjectName(context, kept, found.image.name);
  return hasSameName(context, compared) ? AS_WRITTEN : undefined;
}

/** Whether the annotation's reference means the image of this object name; undefined where it does not. */
function compareWithObjectName(context: ReviewContext, kept: Reference, objectName: string): ConvertedBoot | undefined {
  if (kept.name === objectName) return AS_WRITTEN;
  const found = findAsVmOperator(context, kept);
  if (found?.is === "notSynced") return found;
  return found?.is === "resolved" && found.image.name === objectName ? AS_WRITTEN : undefined;
}

const AS_WRITTEN: ConvertedBoot = { is: "asWritten" };

/** The reference that decides in the annotation: `spec.image`, else `imageName`, else the CD-ROM (SetImageNameFromCdrom). */
function annotationReference({ boot, cdroms }: ConvertedMachine): Reference | undefined {
  return [boot.image, boot.imageName, bootCdrom(cdroms)?.reference].find((reference) => reference?.name !== undefined);
}

/** vm-operator resolves an `imageName`, and the name of a CD-ROM as one, by its own rule; `spec.image` is an object already. */
function findAsVmOperator(
  { index, target }: ReviewContext,
  { role, form, name, kind }: Reference,
): ReturnType<typeof find> {
  if (name === undefined || (role === "boot" && form === "object" && kind !== undefined)) return undefined;
  return find(index, { namespace: target.namespace, name }, "strict");
}

/** A written name without an image is the same image where the annotation, or an earlier pin, has that name. */
function hasSameName({ pins }: ReviewContext, { converted, kept, written }: Compared): boolean {
  if ([kept.name, converted.boot.imageName?.name].includes(written.name)) return true;
  const pin = pins.get(nameKey(written));
  return pin !== undefined && pin.requested === written.name && pin.resolved === kept.name;
}
