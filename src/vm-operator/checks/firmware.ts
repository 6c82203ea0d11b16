import { isVmImage, type VmImage } from "../../images/image.ts";
import { at, isSameJson, type JsonPath, textAt } from "../../common/json.ts";
import type { MachineContext } from "../context.ts";
import { firmwareCommand } from "../list-command.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import { isEmpty, resolveReference } from "../../references/resolve-reference.ts";
import type { AdmissionTarget } from "../../references/target.ts";

const EFI = "efi";

/** Versions with `bootOptions`. There vm-operator demands `bootOptions.firmware: efi`, and never reads the image (validateBootOptions). */
const VERSIONS_WITH_EXPLICIT_FIRMWARE = ["v1alpha5", "v1alpha6"];

/**
 * Secure boot needs EFI firmware: the machine's, else its image's (vm-operator configspec.go). Where neither is known, the
 * machine's class decides, which this webhook does not read: a warning at most.
 */
export function* firmware(context: MachineContext): Iterable<FieldError> {
  const { target } = context;
  const options = bootOptionsOf(target);
  if (!wantsSecureBoot(context) || !isChecked(context, options)) return;
  const chosen = textAt(target.object, [...options, "firmware"]);
  const firmwareField = fieldOf([...options, "firmware"]);
  const objection =
    chosen === ""
      ? objectionToImage(bootedImage(context), target, `write ${firmwareField}: ${EFI}`)
      : objectionToChoice(chosen, firmwareField);
  if (objection === undefined) return;
  const field = fieldOf([...options, "efiSecureBoot"]);
  yield { check: "firmware", reason: "FieldValueForbidden", field, ...objection };
}

export function wantsSecureBoot({ target }: MachineContext): boolean {
  return textAt(target.object, [...bootOptionsOf(target), "efiSecureBoot"]) === "Enabled";
}

function bootOptionsOf({ root }: AdmissionTarget): JsonPath {
  return [...root, "spec", "bootOptions"];
}

/** A machine keeps its image on UPDATE: new boot options are checked there only beside a CD-ROM that changes. */
function isChecked({ bootImage, cdroms, target }: MachineContext, options: JsonPath): boolean {
  if (bootImage.is !== "unchanged") return bootImage.is === "resolved" || bootImage.is === "absent";
  if (!cdroms.some(({ lookup }) => lookup !== undefined)) return false;
  return !isSameJson(at(target.object, options), at(target.oldObject, options));
}

function bootedImage(context: MachineContext): VmImage | undefined {
  const { bootImage, boot } = context;
  const kept = bootImage.is === "unchanged" ? (isEmpty(boot.image) ? boot.imageName : boot.image) : undefined;
  const lookup = kept === undefined ? bootImage : resolveReference(context, kept);
  return lookup.is === "resolved" && isVmImage(lookup.image) ? lookup.image : undefined;
}

type Objection = Pick<FieldError, "why" | "remedy" | "onlyWarns"> | undefined;

function objectionToChoice(chosen: string, field: string): Objection {
  if (chosen === EFI) return undefined;
  const why = `secure boot needs firmware efi, and ${field} is ${quote(chosen)}`;
  return { why, remedy: "write efi there, or leave secure boot out" };
}

function objectionToImage(image: VmImage | undefined, target: AdmissionTarget, writeEfi: string): Objection {
  if (image === undefined) return undefined;
  const name = quote(image.name);
  if (image.firmware === EFI) {
    if (!VERSIONS_WITH_EXPLICIT_FIRMWARE.includes(target.version)) return undefined;
    const why = `only image ${name} says firmware efi, and vm-operator refuses secure boot without it in the VM`;
    return { why, remedy: writeEfi, onlyWarns: true };
  }
  if (image.firmware === undefined) {
    const why = `the firmware of image ${name} is not known, and secure boot needs efi`;
    return { why, remedy: writeEfi, onlyWarns: true };
  }
  const why = `secure boot needs firmware efi, and image ${name} has ${quote(image.firmware)}`;
  const choose = `choose an image for efi (${firmwareCommand(target)} lists them)`;
  return { why, remedy: `${choose}, ${writeEfi} if it boots so, or leave secure boot out` };
}
