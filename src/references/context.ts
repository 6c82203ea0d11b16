import type { Image } from "../images/image.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { type BootImage, resolveBoot } from "./boot.ts";
import { osImageProperties } from "../osimage/properties.ts";
import { bootOf, type BootQuestion, changedFrom } from "./boot-references.ts";
import { cdromsOf } from "./cdroms.ts";
import type { ChangingReference } from "./changing-reference.ts";
import type { Policy } from "./policy.ts";
import { readPins } from "./pins.ts";
import { readReferences, type Reference } from "./reading.ts";
import type { Question, ReferenceImage } from "./reference-image.ts";
import { type BootChanges, bootChanges } from "./stored-boot.ts";
import type { Subject } from "./subject.ts";
import { cdromBoot } from "./template-boot.ts";

/** What checks and mutation look at: the subject, read, compared and resolved once. */
export interface ReviewContext extends BootQuestion {
  /** How the boot references stand to the stored ones; on UPDATE. */
  readonly changes: BootChanges | undefined;
  /** What the boot references mean; `unchanged` where nobody needs to know. */
  readonly bootImage: BootImage;
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
  const judged = judgedReferences(bootImage, cdroms, properties);
  return { ...bootQuestion, changes, bootImage, properties, judged };
}

const UNCHANGED: BootImage = { is: "unchanged" };

function judgedReferences(
  bootImage: BootImage,
  cdroms: readonly ChangingReference[],
  properties: readonly ChangingReference[],
): readonly ReferenceImage[] {
  const judged: ReferenceImage[] = [];
  if ("by" in bootImage && bootImage.by.role === "boot") judged.push(bootImage);
  for (const { image } of cdroms) if (image !== undefined) judged.push(image);
  for (const { image } of properties) if (image !== undefined) judged.push(image);
  return judged;
}

export interface UsedImage {
  readonly by: Reference;
  readonly image: Image;
}

/** The images that these references mean, each once: at the CD-ROM that holds it, for there a person wrote it. */
export function usedImages({ judged }: ReviewContext): readonly UsedImage[] {
  const resolved = judged.filter((reference) => reference.is === "resolved");
  if (resolved.length <= 1) return resolved;
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
