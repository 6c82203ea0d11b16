import type { ChangingReference } from "../references/changing-reference.ts";
import { nameKey } from "../references/reading.ts";
import { restore } from "../references/reapply.ts";
import { NO_REWRITES, type Rewrites } from "../references/rewrite.ts";
import type { Subject } from "../references/subject.ts";

/** M22: what names an image, in whatever way, gives way to the one name that the platform finds it by. */
export function pinProperty(subject: Subject, { reference, old, change, image }: ChangingReference): Rewrites {
  if (change.is === "putBack") return restore(subject, reference, old, old?.name);
  if (image?.is !== "resolved" || image.image.name === reference.name) return NO_REWRITES;
  const { namePath: path, name: from } = reference;
  return { ...NO_REWRITES, rewrites: [{ path, key: nameKey(reference), from, to: image.image.name, pinned: true }] };
}
