import type { MachineContext } from "../context.ts";
import type { Cdrom } from "../cdroms.ts";
import { machineImageError } from "../machine-image-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import { isVmImage } from "../../images/image.ts";
import type { FieldError } from "../../references/field-error.ts";

/** A machine boots from an ISO image by a CD-ROM that holds it: vm-operator makes no CD-ROM of `imageName` or `image`. */
export function* bootType(context: MachineContext): Iterable<FieldError> {
  const { bootImage, cdroms, target } = context;
  if (bootImage.is !== "resolved") return;
  const { image, reference } = bootImage;
  if (!isVmImage(image) || image.type !== "ISO") return;
  if (cdroms.some((cdrom) => objectNameOf(cdrom) === image.name)) return;
  const guestId = fieldOf([...target.root, "spec", "guestID"]);
  const why = "the image is of type ISO, and no CD-ROM of the VM holds it, so that nothing boots";
  const remedy = `add it as a CD-ROM, and set ${guestId}`;
  yield machineImageError(context, { check: "boot-type", reference, image, why, remedy });
}

function objectNameOf({ reference, lookup }: Cdrom): string | undefined {
  return lookup?.is === "resolved" ? lookup.image.name : reference.name;
}
