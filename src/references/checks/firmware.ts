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
  if (bootImage.is !== "resolved") return;
  const options = [...subject.root, "spec", "bootOptions"];
  if (textAt(subject.object, [...options, "efiSecureBoot"]) !== "Enabled") return;
  const chosen = textAt(subject.object, [...options, "firmware"]);
  const { name, firmware: ofImage } = bootImage.image;
  const inEffect = chosen === "" ? (ofImage ?? "") : chosen;
  if (inEffect === EFI) return;
  const field = fieldOf([...options, "efiSecureBoot"]);
  const problem = { check: "firmware", reason: "FieldValueForbidden", field } as const;
  if (inEffect === "") {
    const why = `nobody knows the firmware of image ${quote(name)}, and secure boot needs efi; write bootOptions.firmware: efi`;
    yield { ...problem, why, onlyWarns: true };
    return;
  }
  const source = chosen === "" ? `image ${quote(name)} has` : "bootOptions.firmware is";
  yield { ...problem, why: `secure boot needs firmware efi, and ${source} ${quote(inEffect)}; ${remedy(chosen)}` };
}

function remedy(chosen: string): string {
  return chosen === ""
    ? "choose an image for efi, write bootOptions.firmware: efi if it boots so, or leave secure boot out"
    : "write efi there, or leave secure boot out";
}
