import type { ChangingReference } from "../references/changing-reference.ts";
import { nameKey } from "../references/reading.ts";
import { restore } from "../references/reapply.ts";
import type { Rewrites } from "../references/rewrite.ts";
import type { Subject } from "../references/subject.ts";

/** M22: what names an image, in whatever way, gives way to the one name that the platform finds it by. */
export function pinProperty(
  subject: Subject,
  { reference, old, change, image }: ChangingReference,
  into: Rewrites,
): void {
  if (change.is === "putBack") restore({ subject, sent: reference, old, objectName: old?.name }, into);
  else if (image?.is === "resolved") {
    const { namePath: path, name: from } = reference;
    into.rewrite({ path, key: nameKey(reference), from, to: image.image.name, pinned: true });
  }
}
