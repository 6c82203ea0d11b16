import type { Image } from "../images/image.ts";
import { isAdmittedAsSent } from "../vm-operator/admitted-as-sent.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { type BootImage, resolveBoot } from "../vm-operator/boot.ts";
import { osImageProperties } from "../osimage/properties.ts";
import { bootOf, type BootQuestion, changedFrom } from "../vm-operator/boot-references.ts";
import { cdromsOf } from "../vm-operator/cdroms.ts";
import type { ChangingReference } from "./changing-reference.ts";
import type { Policy } from "./policy.ts";
import { type RestoredBoot, restoredBoot } from "../vm-operator/conversion.ts";
import { readPins } from "./pinned-annotation.ts";
import { readReferences, type Reference } from "./parse.ts";
import { type Question, type ReferenceImage, resolveReference } from "./resolve-reference.ts";
import { type BootChanges, bootChanges } from "../vm-operator/stored-boot.ts";
import type { Subject } from "./target.ts";
import { cdromBoot } from "../vm-operator/template-boot.ts";

/** What checks and mutation look at: the subject, read, compared and resolved once. */
export interface ReviewContext extends BootQuestion {
  /** How the boot references stand to the stored ones; on UPDATE. */
  readonly changes: BootChanges | undefined;
  /** What the boot references mean; `unchanged` where no check reads it. */
  readonly bootImage: BootImage;
  /** What vm-operator's annotation boots, compared with what is written; undefined where that is not to be compared. */
  readonly restoredBoot: RestoredBoot | undefined;
  /** Properties that name an OSImage. */
  readonly properties: readonly ChangingReference[];
  /** All references that were looked up, each once: what boots first, then the CD-ROMs; or the properties. */
  readonly judged: readonly ReferenceImage[];
}

export function reviewContext(subject: Subject, index: ImageIndex, policy: Policy): ReviewContext {
  const reading = readReferences(subject.object, subject.rows);
  const oldReading = subject.oldObject === undefined ? undefined : readReferences(subject.oldObject, subject.rows);
  const pins = readPins(subject.object);
  const oldPins = readPins(subject.oldObject);
  const question: Question = { subject, index, policy, reading, oldReading, pins, oldPins };
  const boot = bootOf(reading);
  const oldBoot = oldReading === undefined ? undefined : bootOf(oldReading);
  const cdroms = cdromsOf(question);
  const bootQuestion: BootQuestion = { ...question, boot, oldBoot, cdroms };
  const changes = oldBoot === undefined ? undefined : bootChanges(bootQuestion, oldBoot);
  const bootImage: BootImage = needsImage(bootQuestion, changes) ? resolveBoot(bootQuestion) : UNCHANGED;
  const properties = osImageProperties(question);
  const judged = judgedReferences([...bootLookups(bootQuestion, bootImage)], cdroms, properties);
  return { ...bootQuestion, changes, bootImage, restoredBoot: comparedBoot(bootQuestion), properties, judged };
}

/** On CREATE at `/mutate`: the object comes back from vm-operator with an annotation that agrees. */
function comparedBoot(question: BootQuestion): RestoredBoot | undefined {
  const { subject, boot, reading } = question;
  const { restored } = subject;
  if (restored === undefined || boot.imageName === undefined || reading.malformed.length > 0) return undefined;
  if (subject.operation !== "CREATE" || subject.endpoint !== "mutate") return undefined;
  return restoredBoot(question, restored, boot.imageName);
}

const UNCHANGED: BootImage = { is: "unchanged" };

/** A `spec.image` that is admitted as sent does not say what an `imageName` beside it means: vm-operator looks that up. */
function* bootLookups(question: BootQuestion, bootImage: BootImage): Iterable<ReferenceImage> {
  if (!("by" in bootImage) || bootImage.by.role !== "boot") return;
  const { imageName } = question.boot;
  if (bootImage.is === "unresolved" && isAdmittedAsSent(question, bootImage.by) && imageName?.name) {
    const beside = resolveReference(question, imageName);
    if (beside.is !== "resolved") yield beside;
  }
  yield bootImage;
}

function judgedReferences(
  boot: readonly ReferenceImage[],
  cdroms: readonly ChangingReference[],
  properties: readonly ChangingReference[],
): readonly ReferenceImage[] {
  const others = [...cdroms, ...properties].map(({ image }) => image).filter((image) => image !== undefined);
  return [...boot, ...others];
}

export interface UsedImage {
  readonly by: Reference;
  readonly image: Image;
}

/** The images that these references mean, each once: at the CD-ROM that holds it, for there a person wrote it. */
export function usedImages({ judged }: ReviewContext): readonly UsedImage[] {
  const resolved = judged.filter((reference) => reference.is === "resolved");
  const used = new Map<string, UsedImage>();
  for (const role of ["cdrom", "boot", "property"]) {
    for (const reference of resolved) {
      if (reference.by.role === role && !used.has(reference.image.name)) used.set(reference.image.name, reference);
    }
  }
  return [...used.values()];
}

/** Only a changed reference is judged; one that is refused for its change is not judged further. */
function needsImage(question: BootQuestion, changes: BootChanges | undefined): boolean {
  const { subject, policy, boot, oldBoot } = question;
  if (oldBoot === undefined || changes === undefined) return true;
  const isChanged = changes.imageName.is === "changed" || changes.image.is === "changed";
  if (isChanged && !subject.isTemplate && policy.levels.immutable === "deny") return false;
  if (subject.endpoint === "validate") return changedFrom(boot, oldBoot);
  return isChanged || cdromBoot(question).is === "moved";
}
