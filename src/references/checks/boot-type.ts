import { isVmImage } from "../../images/image.ts";
import type { ReviewContext } from "../context.ts";
import { imageProblem } from "../image-problem.ts";
import type { FieldProblem } from "../problem.ts";

/** A machine boots from an ISO image by a CD-ROM that holds it: vm-operator makes no CD-ROM of `imageName` or `image`. */
export function* bootType(context: ReviewContext): Iterable<FieldProblem> {
  const { bootImage, cdroms } = context;
  if (bootImage.is !== "resolved") return;
  const { image, by } = bootImage;
  if (!isVmImage(image) || image.type !== "ISO") return;
  if (cdroms.some(({ reference, image: held }) => holds(reference.name, held) === image.name)) return;
  yield imageProblem(context, by, image, {
    check: "boot-type",
    why: "the image is of type ISO, and no CD-ROM of the VM holds it, so that nothing boots; add it as a CD-ROM",
  });
}

function holds(name: string, held: ReviewContext["cdroms"][number]["image"]): string {
  return held?.is === "resolved" ? held.image.name : name;
}
