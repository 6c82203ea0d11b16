import { isVmImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { at } from "../json.ts";
import type { ReviewContext } from "./context.ts";
import { kindKey, nameKey, type Reference } from "./reading.ts";
import { isEmpty } from "./reference-image.ts";
import { joinRewrites, kindPath, NO_REWRITES, type Rewrite, type Rewrites } from "./rewrite.ts";
import type { Subject } from "./subject.ts";

/**
 * UPDATE (M12, M13): whatever names the stored image gives way to the stored value, so that whoever applies the
 * original manifest again changes nothing.
 */
export function putBack(context: ReviewContext): Rewrites {
  const { subject, boot, oldBoot, changes } = context;
  const objectName = oldBoot?.image?.name;
  return joinRewrites([
    changes?.imageName.is === "putBack"
      ? restore(subject, boot.imageName, oldBoot?.imageName, objectName)
      : NO_REWRITES,
    changes?.image.is === "putBack" ? restore(subject, boot.image, oldBoot?.image) : NO_REWRITES,
  ]);
}

/** One reference as it was stored. Without `objectName`, that of an object reference is its own. */
export function restore(
  subject: Subject,
  sent: Reference | undefined,
  old: Reference | undefined,
  objectName = old?.form === "object" ? old.name : undefined,
): Rewrites {
  if (sent === undefined || old === undefined) return NO_REWRITES;
  if (isEmpty(sent) || isEmpty(old)) {
    // A CD-ROM may have another position now.
    return { ...NO_REWRITES, replacements: [{ reference: sent, value: at(subject.oldObject, old.path) }] };
  }
  const rewrites: readonly Rewrite[] = [
    {
      path: sent.namePath,
      key: nameKey(sent),
      from: sent.name,
      to: old.name,
      pinned: isObjectName(old.name, objectName),
    },
    {
      path: kindPath(sent),
      key: kindKey(sent),
      from: sent.kind,
      to: restoredKind(sent, old),
      pinned: sent.kind !== "" && old.kind !== "",
    },
  ];
  return { ...NO_REWRITES, rewrites: rewrites.filter(({ from, to }) => from !== to) };
}

/** A kind that was empty may be filled (M14), by one that images have. */
function restoredKind(sent: Reference, old: Reference): string {
  return old.kind === "" && isVmImageKind(sent.kind) ? sent.kind : old.kind;
}

/** With `--write image` a stored `imageName` may be a display name still: that is no pin's `resolved`. */
function isObjectName(name: string, objectName: string | undefined): boolean {
  return name.startsWith(VMI_ID_PREFIX) || name === objectName;
}
