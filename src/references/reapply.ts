import { isVmImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { at } from "../json.ts";
import type { ReviewContext } from "./context.ts";
import { kindKey, nameKey, type Reference } from "./reading.ts";
import { isEmpty } from "./reference-image.ts";
import { kindPath, type Rewrites } from "./rewrite.ts";
import type { Subject } from "./subject.ts";

/**
 * UPDATE (M12, M13): whatever names the stored image gives way to the stored value, so that whoever applies the
 * original manifest again changes nothing.
 */
export function putBack({ subject, boot, oldBoot, changes }: ReviewContext, into: Rewrites): void {
  if (changes?.imageName.is === "putBack") {
    restore({ subject, sent: boot.imageName, old: oldBoot?.imageName, objectName: oldBoot?.image?.name }, into);
  }
  if (changes?.image.is === "putBack") restore({ subject, sent: boot.image, old: oldBoot?.image }, into);
}

interface Restored {
  readonly subject: Subject;
  readonly sent: Reference | undefined;
  readonly old: Reference | undefined;
  /** Of the stored image; where absent, an object reference says it itself. */
  readonly objectName?: string | undefined;
}

/** One reference as it was stored. */
export function restore({ subject, sent, old, objectName }: Restored, into: Rewrites): void {
  if (sent === undefined || old === undefined) return;
  if (isEmpty(sent) || isEmpty(old)) {
    // A CD-ROM may have another position now.
    into.replace({ reference: sent, value: at(subject.oldObject, old.path) });
    return;
  }
  into.rewrite({
    path: sent.namePath,
    key: nameKey(sent),
    from: sent.name,
    to: old.name,
    pinned: isObjectName(old.name, objectName ?? (old.form === "object" ? old.name : undefined)),
  });
  into.rewrite({
    path: kindPath(sent),
    key: kindKey(sent),
    from: sent.kind,
    to: restoredKind(sent, old),
    pinned: sent.kind !== "" && old.kind !== "",
  });
}

/** A kind that was empty may be filled (M14), by one that images have. */
function restoredKind(sent: Reference, old: Reference): string {
  return old.kind === "" && isVmImageKind(sent.kind) ? sent.kind : old.kind;
}

/** With `--write image` a stored `imageName` may be a display name still: that is no pin's `resolved`. */
function isObjectName(name: string, objectName: string | undefined): boolean {
  return name.startsWith(VMI_ID_PREFIX) || name === objectName;
}
