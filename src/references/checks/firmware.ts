import type { Image } from "../../images/image.ts";
import { textAt } from "../../json.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, quote } from "../problem.ts";
import { fieldOf } from "../reading.ts";

const EFI = "efi";

/**
 * Secure boot needs EFI firmware: what the machine says, else what its image says (vm-operator configspec.go). Where
 * neither is known, the machine's class decides, which is nobody's business here: a warning at most.
 */
export function* firmware({ bootImage, subject }: ReviewContext): Iterable<FieldProblem> {
  if (bootImage.is !== "resolved" && bootImage.is !== "absent") return;
  const options = [...subject.root, "spec", "bootOptions"];
  if (textAt(subject.object, [...options, "efiSecureBoot"]) !== "Enabled") return;
  const chosen = textAt(subject.object, [...options, "firmware"]);
  const image = bootImage.is === "resolved" ? bootImage.image : undefined;
  const objection = chosen === "" ? objectionToImage(image) : objectionToChoice(chosen);
  if (objection === undefined) return;
  const field = fieldOf([...options, "efiSecureBoot"]);
  yield { check: "firmware", reason: "FieldValueForbidden", field, ...objection };
}

type Objection = Pick<FieldProblem, "why" | "onlyWarns"> | undefined;

function objectionToChoice(chosen: string): Objection {
  if (chosen === EFI) return undefined;
  const why = `secure boot needs firmware efi, and bootOptions.firmware is ${quote(chosen)}; write efi there, or leave secure boot out`;
  return { why };
}

function objectionToImage(image: Image | undefined): Objection {
  if (image === undefined || image.firmware === EFI) return undefined;
  if (image.firmware === undefined) {
    const why = `nobody knows the firmware of image ${quote(image.name)}, and secure boot needs efi; write bootOptions.firmware: efi`;
    return { why, onlyWarns: true };
  }
  const why =
    `secure boot needs firmware efi, and image ${quote(image.name)} has ${quote(image.firmware)}; ` +
    "choose an image for efi, write bootOptions.firmware: efi if it boots so, or leave secure boot out";
  return { why };
}
