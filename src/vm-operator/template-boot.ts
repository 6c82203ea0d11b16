import { isEmpty, isSame } from "../references/resolve-reference.ts";
import type { BootReferences } from "./boot-references.ts";
import { bootCdrom, type Cdrom, storedBootCdrom } from "./cdroms.ts";
import type { MachineReferences } from "./context.ts";

/**
 * The boot references of a template that mutation took from a CD-ROM (M18): as long as the client does not set them, they
 * follow the CD-ROM.
 */
export type CdromBoot =
  { readonly is: "notFromCdrom" } | { readonly is: "kept" } | { readonly is: "moved"; readonly cdrom: Cdrom };

const NOT_FROM_CDROM: CdromBoot = { is: "notFromCdrom" };

export function cdromBoot(context: MachineReferences): CdromBoot {
  const { target, boot, oldBoot } = context;
  if (!target.isTemplate || target.endpoint !== "mutate" || oldBoot === undefined) return NOT_FROM_CDROM;
  const stored = storedBootCdrom(context);
  const cdrom = bootCdrom(context.cdroms);
  if (cdrom === undefined || stored === undefined || stored.name !== nameOf(oldBoot)) return NOT_FROM_CDROM;
  if (!isDefaulted(boot, oldBoot)) return NOT_FROM_CDROM;
  return mutatedName(cdrom) === stored.name ? { is: "kept" } : { is: "moved", cdrom };
}

function nameOf({ imageName, image }: BootReferences): string | undefined {
  return image?.name ?? imageName?.name;
}

/** The name of the CD-ROM's image after mutation. */
function mutatedName({ lookup, old }: Cdrom): string | undefined {
  return lookup?.is === "resolved" ? lookup.image.name : old?.name;
}

/** Whether the client leaves the boot references out, or as they are stored. */
function isDefaulted(boot: BootReferences, old: BootReferences): boolean {
  return (["imageName", "image"] as const).every((field) => isEmpty(boot[field]) || isSame(boot[field], old[field]));
}
