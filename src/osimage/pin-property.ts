import type { ChangingReference } from "../references/changing-reference.ts";
import { nameKey } from "../references/reading.ts";
import type { Question } from "../references/reference-image.ts";
import { restore } from "../references/reapply.ts";
import type { Rewrites } from "../references/rewrite.ts";

/** M22: what names an image, in whatever way, gives way to the one name that the platform finds it by. */
export function pinProperty(
  question: Question,
  { reference, old, change, image }: ChangingReference,
  into: Rewrites,
): void {
  if (change.is === "putBack") restore(question, reference, old, into);
  else if (image?.is === "resolved") {
    const { namePath: path, name: from } = reference;
    into.rewrite({ path, key: nameKey(reference), from, to: image.image.name, pinned: true });
  }
}
