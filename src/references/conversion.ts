import { VM_OPERATOR_GROUP } from "../images/image.ts";
import { find } from "../images/resolve.ts";
import { at, isJsonObject, type JsonObject } from "../json.ts";
import { bootOf, type BootReferences } from "./boot-references.ts";
import type { ReviewContext } from "./context.ts";
import { quote } from "./problem.ts";
import { fieldOf, nameKey, readReferences, type Reference } from "./reading.ts";
import { referenceRows, VERSIONS } from "./references.ts";

/**
 * Where vm-operator keeps the newest version of an object, as JSON without metadata, in what it shows of older ones
 * (api/utilconversion MarshalData): a clone made from `kubectl get -o yaml` carries it.
 */
const CONVERSION_ANNOTATIONS = ["vmoperator.vmware.com/conversion", "vmoperator.vmware.com/conversion-data"];

const NEWEST_ROWS = referenceRows(VM_OPERATOR_GROUP, VERSIONS[0], "VirtualMachine");

/**
 * M21: vm-operator restores `spec.image` and `spec.imageName` of a v1alpha1 or v1alpha2 machine, the versions without
 * `spec.image`, from such an annotation (api/v1alpha2/virtualmachine_conversion.go
 * restore_v1alpha6_VirtualMachineImage), so that what a person writes into `spec.imageName` is lost.
 */
export function conversionWarnings(context: ReviewContext): readonly string[] {
  const { subject, reading } = context;
  const { imageName, image } = context.boot;
  const isConverted = imageName !== undefined && image === undefined;
  if (!isConverted || subject.operation !== "CREATE" || reading.malformed.length > 0) return [];
  const written = { ...imageName, name: writtenName(context, imageName) };
  return CONVERSION_ANNOTATIONS.flatMap((annotation) => {
    const kept = keptBoot(subject.object, annotation);
    return kept === undefined || isMeant(context, written, kept) ? [] : [warning(written, kept, annotation)];
  });
}

/** As a person wrote it, where it is pinned already: a reinvocation gives the same warning, which is told once. */
function writtenName({ pins }: ReviewContext, imageName: Reference): string {
  const pin = pins.get(nameKey(imageName));
  return pin?.resolved === imageName.name ? pin.requested : imageName.name;
}

function warning(imageName: Reference, kept: BootReferences, annotation: string): string {
  const taken = keptName(kept) === "" ? "no image" : quote(keptName(kept));
  return [
    fieldOf(imageName.path),
    ...(imageName.name === "" ? [] : [quote(imageName.name)]),
    `vm-operator will take ${taken} from annotation ${annotation} instead; remove that annotation from the manifest`,
  ].join(": ");
}

/** The boot references in an annotation; undefined where vm-operator, too, could not read it. */
function keptBoot(object: JsonObject, annotation: string): BootReferences | undefined {
  const kept = parsed(at(object, ["metadata", "annotations", annotation]));
  if (kept === undefined) return undefined;
  const reading = readReferences(kept, NEWEST_ROWS);
  return reading.malformed.length > 0 ? undefined : bootOf(reading);
}

function parsed(text: unknown): JsonObject | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function keptName({ imageName, image }: BootReferences): string {
  return imageName?.name || (image?.name ?? "");
}

/** Whether what was sent is what vm-operator will take, or another spelling of that image. */
function isMeant(context: ReviewContext, sent: Reference, kept: BootReferences): boolean {
  const name = keptName(kept);
  if (sent.name === name) return true;
  const objectName = objectNameOf(context, sent);
  return objectName !== undefined && [name, kept.image?.name || meaningOf(context, name)].includes(objectName);
}

/** The image that was sent, else the one that the annotation of an earlier pinning says was meant by that name. */
function objectNameOf({ bootImage, pins }: ReviewContext, sent: Reference): string | undefined {
  if (bootImage.is === "resolved") return bootImage.image.name;
  const pin = pins.get(nameKey(sent));
  return pin?.requested === sent.name ? pin.resolved : undefined;
}

/** A kept name without an image is read by vm-operator's own rule. */
function meaningOf({ index, subject }: ReviewContext, name: string): string | undefined {
  const found = find(index, { namespace: subject.namespace, name }, "strict");
  return found?.is === "resolved" ? found.image.name : undefined;
}
