import { fieldOf } from "../../common/field-path.ts";
import { isVmImage } from "../../images/image.ts";
import { type FieldError, plain } from "../../references/field-error.ts";
import { cdromListPath, type Cdrom } from "../cdroms.ts";
import type { MachineContext } from "../context.ts";
import { machineImageError } from "../machine-image-error.ts";

/** A machine boots from an ISO image by a CD-ROM that holds it: vm-operator makes no CD-ROM of `imageName` or `image`. */
export function* bootType(context: MachineContext): Iterable<FieldError> {
  const { bootImage, cdroms } = context;
  if (bootImage.is !== "resolved") return;
  const { image, reference } = bootImage;
  if (!isVmImage(image) || image.type !== "ISO") return;
  if (cdroms.some((cdrom) => objectNameOf(cdrom) === image.name)) return;
  const why = "the image is of type ISO, and no CD-ROM holds it to boot from";
  const remedy = remedyOf(context, image.name);
  yield machineImageError(context, { check: "boot-type", reference, image, why, remedy });
}

function objectNameOf({ reference, lookup }: Cdrom): string | undefined {
  return lookup?.is === "resolved" ? lookup.image.name : reference.name;
}

/** With an entry to paste, at the end, which no cut of a long warning takes away. Mutation fills the kind. */
function remedyOf({ target, cdroms }: MachineContext, image: string): string {
  const list = cdromListPath(target);
  if (list === undefined) return "add it as a CD-ROM, in v1alpha3 or newer";
  const entry = `{name: cdrom${cdroms.length + 1}, image: {name: ${plain(image)}}}`;
  const guestId = fieldOf([...target.root, "spec", "guestID"]);
  return `set ${guestId}, such as ubuntu64Guest, and add to ${fieldOf(list)} ${entry}`;
}
