import type { ChangingReference } from "../references/changing-reference.ts";
import { nameKey } from "../references/parse.ts";
import type { Question } from "../references/resolve-reference.ts";
import { restore } from "../references/restore.ts";
import type { Rewrites } from "../references/rewrites.ts";

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
