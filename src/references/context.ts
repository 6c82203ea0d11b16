import type { ImageIndex } from "../images/image-index.ts";
import { type BootImage, bootOf, type BootQuestion, changedFrom, resolveBoot } from "./boot.ts";
import type { Policy } from "./policy.ts";
import { readReferences, type Reading } from "./reading.ts";
import { type BootChanges, bootChanges, isViolation } from "./stored-boot.ts";
import type { Subject } from "./subject.ts";

/** What checks and mutation look at: the subject, read, compared and resolved once. */
export interface ReviewContext extends BootQuestion {
  readonly oldReading: Reading | undefined;
  /** How the boot references stand to the stored ones; on UPDATE. */
  readonly changes: BootChanges | undefined;
  /** What the boot references mean; `unchanged` where nobody needs to know. */
  readonly bootImage: BootImage;
}

export function reviewContext(subject: Subject, index: ImageIndex, policy: Policy): ReviewContext {
  const reading = readReferences(subject.object, subject.rows);
  const oldReading = subject.oldObject === undefined ? undefined : readReferences(subject.oldObject, subject.rows);
  const question: BootQuestion = {
    subject,
    index,
    policy,
    reading,
    boot: bootOf(reading),
    oldBoot: oldReading === undefined ? undefined : bootOf(oldReading),
  };
  const changes = question.oldBoot === undefined ? undefined : bootChanges(question, question.oldBoot);
  const bootImage: BootImage = needsImage(question, changes) ? resolveBoot(question) : { is: "unchanged" };
  return { ...question, oldReading, changes, bootImage };
}

/** Only a changed reference is judged; one that is refused for its change is not judged further. */
function needsImage({ subject, policy, boot, oldBoot }: BootQuestion, changes: BootChanges | undefined): boolean {
  if (oldBoot === undefined || changes === undefined) return true;
  const violated = isViolation(changes.imageName) || isViolation(changes.image);
  if (violated && policy.levels.immutable === "deny") return false;
  return subject.endpoint === "mutate" ? violated : changedFrom(boot, oldBoot);
}
