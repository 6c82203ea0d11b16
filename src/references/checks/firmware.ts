import { isVmImage, type VmImage } from "../../images/image.ts";
import { at, isSameJson, type JsonPath, textAt } from "../../common/json.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, quote } from "../problem.ts";
import { fieldOf } from "../reading.ts";
import { isEmpty, resolveReference } from "../reference-image.ts";

const EFI = "efi";

/** Versions with `bootOptions`. There vm-operator demands `bootOptions.firmware: efi`, and never reads the image (validateBootOptions). */
const VERSIONS_THAT_WANT_IT_WRITTEN = ["v1alpha5", "v1alpha6"];

const WRITE_EFI = "write bootOptions.firmware: efi";

/**
 * Secure boot needs EFI firmware: the machine's, else its image's (vm-operator configspec.go). Where neither is known, the
 * machine's class decides, which this webhook does not read: a warning at most.
 */
export function* firmware(context: ReviewContext): Iterable<FieldProblem> {
  const { subject } = context;
  const options = [...subject.root, "spec", "bootOptions"];
  if (textAt(subject.object, [...options, "efiSecureBoot"]) !== "Enabled" || !isToJudge(context, options)) return;
  const chosen = textAt(subject.object, [...options, "firmware"]);
  const objection = chosen === "" ? objectionToImage(bootedImage(context), subject.version) : objectionToChoice(chosen);
  if (objection === undefined) return;
  const field = fieldOf([...options, "efiSecureBoot"]);
  yield { check: "firmware", reason: "FieldValueForbidden", field, ...objection };
}

/** A machine keeps its image on UPDATE: there new boot options are judged beside a CD-ROM that changes. */
function isToJudge({ bootImage, cdroms, subject }: ReviewContext, options: JsonPath): boolean {
  if (bootImage.is !== "unchanged") return bootImage.is === "resolved" || bootImage.is === "absent";
  if (!cdroms.some(({ image }) => image !== undefined)) return false;
  return !isSameJson(at(subject.object, options), at(subject.oldObject, options));
}

function bootedImage(context: ReviewContext): VmImage | undefined {
  const { bootImage, boot } = context;
  const kept = bootImage.is === "unchanged" ? (isEmpty(boot.image) ? boot.imageName : boot.image) : undefined;
  const meant = kept === undefined ? bootImage : resolveReference(context, kept);
  return meant.is === "resolved" && isVmImage(meant.image) ? meant.image : undefined;
}

type Objection = Pick<FieldProblem, "why" | "onlyWarns"> | undefined;

function objectionToChoice(chosen: string): Objection {
  if (chosen === EFI) return undefined;
  const why = `secure boot needs firmware efi, and bootOptions.firmware is ${quote(chosen)}; write efi there, or leave secure boot out`;
  return { why };
}

function objectionToImage(image: VmImage | undefined, version: string): Objection {
  if (image === undefined) return undefined;
  const name = quote(image.name);
  if (image.firmware === EFI) {
    if (!VERSIONS_THAT_WANT_IT_WRITTEN.includes(version)) return undefined;
    const why = `only image ${name} says firmware efi, and vm-operator refuses secure boot without it in the VM; ${WRITE_EFI}`;
    return { why, onlyWarns: true };
  }
  if (image.firmware === undefined) {
    const why = `the firmware of image ${name} is not known, and secure boot needs efi; ${WRITE_EFI}`;
    return { why, onlyWarns: true };
  }
  const why =
    `secure boot needs firmware efi, and image ${name} has ${quote(image.firmware)}; ` +
    `choose an image for efi, ${WRITE_EFI} if it boots so, or leave secure boot out`;
  return { why };
}
