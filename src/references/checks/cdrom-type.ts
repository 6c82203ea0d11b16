import { isVmImage } from "../../images/image.ts";
import { isAdmittedAsSent } from "../admitted-as-sent.ts";
import type { ReviewContext } from "../context.ts";
import { imageProblem } from "../image-problem.ts";
import { type FieldProblem, plain } from "../problem.ts";

/** A CD-ROM holds an ISO image; the type of images before v1alpha3 is unknown (vm-operator cdrom.go, processImage). */
export function* cdromType(context: ReviewContext): Iterable<FieldProblem> {
  for (const { image: judged } of context.cdroms) {
    if (judged?.is !== "resolved" || !isVmImage(judged.image)) continue;
    const { type } = judged.image;
    if (type === undefined || type === "ISO") continue;
    const problem = imageProblem(context, judged.by, judged.image, {
      check: "cdrom-type",
      why: `the image is of type ${plain(type)}, and a CD-ROM needs one of type ISO; choose an ISO image`,
    });
    yield { ...problem, onlyWarns: isAdmittedAsSent(context, judged.by) };
  }
}
