import { type ChangingReference, changingReferences } from "../references/changing-reference.ts";
import type { ReviewContext } from "../references/context.ts";
import { nameKey } from "../references/parse.ts";
import { restore } from "../references/restore.ts";
import { Rewrites } from "../references/rewrites.ts";
import type { OsImageContext } from "./context.ts";

/** The properties of an object that name an OSImage. A property that is removed is not restored. */
export function osImageProperties(context: ReviewContext): readonly ChangingReference[] {
  return changingReferences(context, "property", (stored, sent, old) => stored.compareImmutable(sent, old)).filter(
    ({ reference }) => reference.name !== undefined,
  );
}

/** M22: every name of an image becomes its object name, by which the platform finds it. */
export function rewriteProperties(context: OsImageContext): Rewrites {
  const rewrites = new Rewrites();
  for (const { reference, old, change, lookup } of context.properties) {
    if (change.is === "restoreStored" && old !== undefined) restore(context, { sent: reference, old }, rewrites);
    else if (lookup?.is === "resolved") {
      const { namePath: path, name: from } = reference;
      rewrites.rewrite({ path, key: nameKey(reference), from, to: lookup.image.name, pinned: true });
    }
  }
  return rewrites;
}
