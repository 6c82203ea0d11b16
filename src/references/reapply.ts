import { VMI_ID_PREFIX } from "../images/image.ts";
import { at } from "../json.ts";
import { isEmpty } from "./boot.ts";
import type { ReviewContext } from "./context.ts";
import type { Edit } from "./edit.ts";
import type { Reference } from "./reading.ts";
import { joinRewrites, kindPath, NO_REWRITES, type Rewrite, type Rewrites } from "./rewrite.ts";

/**
 * UPDATE (M12, M13): whatever names the stored image gives way to the stored value, so that whoever applies the
 * original manifest again changes nothing.
 */
export function putBack(context: ReviewContext): Rewrites {
  const { boot, oldBoot, changes } = context;
  const stored = new Set([oldBoot?.image?.name]);
  return joinRewrites([
    changes?.imageName.is === "putBack" ? restore(context, boot.imageName, oldBoot?.imageName, stored) : NO_REWRITES,
    changes?.image.is === "putBack" ? restore(context, boot.image, oldBoot?.image, stored) : NO_REWRITES,
  ]);
}

function restore(
  { subject }: ReviewContext,
  sent: Reference | undefined,
  old: Reference | undefined,
  storedNames: ReadonlySet<string | undefined>,
): Rewrites {
  if (sent === undefined || old === undefined) return NO_REWRITES;
  if (isEmpty(sent) || isEmpty(old)) return { ...NO_REWRITES, edits: [asStored(subject.oldObject, old)] };
  const rewrites: readonly Rewrite[] = [
    { path: sent.namePath, from: sent.name, to: old.name, pinned: isObjectName(old.name, storedNames) },
    { path: kindPath(sent), from: sent.kind, to: old.kind === "" ? sent.kind : old.kind, pinned: sent.kind !== "" },
  ];
  return { ...NO_REWRITES, rewrites: rewrites.filter(({ from, to }) => from !== to) };
}

function asStored(oldObject: unknown, { path }: Reference): Edit {
  const value = at(oldObject, path);
  return value === undefined ? { is: "remove", path } : { is: "set", path, value };
}

/** With `--write image` a stored `imageName` may be a display name still: that is no pin's `resolved`. */
function isObjectName(name: string, storedNames: ReadonlySet<string | undefined>): boolean {
  return name.startsWith(VMI_ID_PREFIX) || storedNames.has(name);
}
