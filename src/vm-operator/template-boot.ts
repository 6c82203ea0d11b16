import type { BootQuestion, BootReferences } from "./boot-references.ts";
import { bootCdrom, type Cdrom, storedBootCdrom } from "./cdroms.ts";
import { isEmpty, isSame } from "../references/resolve-reference.ts";

/**
 * How a template whose boot references came from a CD-ROM (M18) stands to it: as long as a person leaves them to us,
 * they go where the CD-ROM goes.
 */
export type CdromBoot =
  { readonly is: "notFromCdrom" } | { readonly is: "kept" } | { readonly is: "moved"; readonly cdrom: Cdrom };

const NOT_FROM_CDROM: CdromBoot = { is: "notFromCdrom" };

export function cdromBoot(question: BootQuestion): CdromBoot {
  const { subject, boot, oldBoot } = question;
  if (!subject.isTemplate || subject.endpoint !== "mutate" || oldBoot === undefined) return NOT_FROM_CDROM;
  const stored = storedBootCdrom(question);
  const cdrom = bootCdrom(question.cdroms);
  if (cdrom === undefined || stored !== nameOf(oldBoot) || !isLeftToUs(boot, oldBoot)) return NOT_FROM_CDROM;
  return imageName(cdrom) === stored ? { is: "kept" } : { is: "moved", cdrom };
}

function nameOf({ imageName: name, image }: BootReferences): string | undefined {
  return image?.name || name?.name;
}

/** What the CD-ROM holds after mutation. */
function imageName({ image, old }: Cdrom): string | undefined {
  return image?.is === "resolved" ? image.image.name : old?.name;
}

function isLeftToUs(boot: BootReferences, old: BootReferences): boolean {
  return (["imageName", "image"] as const).every((field) => isEmpty(boot[field]) || isSame(boot[field], old[field]));
}
