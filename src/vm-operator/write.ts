import { fieldOf } from "../common/field-path.ts";
import { at } from "../common/json.ts";
import type { Image } from "../images/image.ts";
import { quote } from "../references/field-error.ts";
import { kindKey, nameKey, type Reference } from "../references/parse.ts";
import { isNamedBy, isSame } from "../references/resolve-reference.ts";
import { kindPath, type Rewrites } from "../references/rewrites.ts";
import { imageNameFollowsImage } from "./boot-references.ts";
import { bootCdrom } from "./cdroms.ts";
import type { MachineContext } from "./context.ts";
import { imageNameFor, resolvesExactlyTo } from "./image-name.ts";

/** Writes the resolved image into the boot references, on CREATE and on an UPDATE that the policy allows (M1 to M9). */
export function writeBoot(context: MachineContext, image: Image, into: Rewrites): void {
  writeImageName(context, image, into);
  writeImage(context, image, into);
}

function writeImageName(context: MachineContext, image: Image, into: Rewrites): void {
  const { imageName, hasCdroms } = context.boot;
  if (imageName === undefined) return;
  const { name } = imageName;
  if (name === undefined ? !hasCdroms : namesAnother(context, image, name)) return;
  const to = imageNameFor(context, image);
  if (to === undefined) {
    into.warn(noUsableName(imageName, image, remedyFor(context)));
    return;
  }
  rewriteImageName(context, { imageName, image, to }, into);
  if (context.target.isTemplate && to !== image.name) into.warn(resolvedAgain(imageName, to));
}

interface WrittenName {
  readonly imageName: Reference;
  readonly image: Image;
  readonly to: string;
}

function rewriteImageName(context: MachineContext, { imageName, image, to }: WrittenName, into: Rewrites): void {
  const { name: from, namePath: path, key } = imageName;
  if (from !== undefined && context.policy.write === "image") {
    // A name that vm-operator resolves to this image, too, is left as it is.
    if (resolvesExactlyTo(context, from, image)) return;
    into.warn(misread(imageName, to));
  }
  const pinned = from !== undefined && !isSame(imageName, context.oldBoot?.imageName);
  into.rewrite({ path, key, from, to, pinned });
}

/** Says why a name is rewritten in spite of `--write image`. */
function misread(imageName: Reference, to: string): string {
  return (
    `${fieldOf(imageName.path)}: vm-operator does not read ${quote(imageName.name)} as the image meant here, ` +
    `so it became ${quote(to)}; write that in your manifest`
  );
}

/** Warns where only a CD-ROM has an image to boot from, and vm-operator resolves no name to that image. */
export function warnNoUsableName(context: MachineContext, into: Rewrites): void {
  const { boot, cdroms } = context;
  const lookup = bootCdrom(cdroms)?.lookup;
  if (boot.imageName === undefined || lookup?.is !== "resolved") return;
  into.warn(noUsableName(boot.imageName, lookup.image, remedyFor(context)));
}

function noUsableName({ path, name: written }: Reference, { name }: Image, remedy: string): string {
  const value = written === undefined ? "" : `${quote(written)}: `;
  return (
    `${fieldOf(path)}: ${value}vm-operator will refuse it: neither the object name ${quote(name)} nor a display name ` +
    `says exactly this image to it; ${remedy}`
  );
}

function remedyFor({ boot }: MachineContext): string {
  if (boot.hasCdroms) return "give the image a unique display name";
  return boot.image === undefined
    ? "write spec.image alone, in v1alpha3 or newer"
    : `write ${fieldOf(boot.image.path)} alone`;
}

function resolvedAgain({ path }: Reference, to: string): string {
  return (
    `${fieldOf(path)}: ${quote(to)}: vm-operator resolves this display name again for each machine; ` +
    "image alone, without imageName, is better"
  );
}

/** M6: where `image` decides, and check `agree` does not deny, another name is left to vm-operator. */
function namesAnother(context: MachineContext, image: Image, name: string): boolean {
  const { bootImage } = context;
  if (bootImage.is !== "resolved" || bootImage.reference.role === "cdrom") return false;
  const decidedByImage = bootImage.reference.form === "object";
  return decidedByImage && !imageNameFollowsImage(context) && !isNamedBy(context, image, name);
}

function writeImage({ boot, oldBoot, policy, target }: MachineContext, image: Image, into: Rewrites): void {
  const reference = boot.image;
  if (reference === undefined) return;
  const present = at(target.object, reference.path);
  if (present !== undefined && present !== null) writeObject(reference, oldBoot?.image, image, into);
  else if (policy.write !== "imageName") into.replace({ reference, value: refTo(image) });
}

function refTo({ kind, name }: Image): object {
  return { kind, name };
}

/** Writes the object name and the kind of an image into an object reference that is present. */
export function writeObject(
  reference: Reference,
  old: Reference | undefined,
  { kind, name }: Image,
  into: Rewrites,
): void {
  const pinned = !isSame(reference, old);
  into.rewrite({
    path: reference.namePath,
    key: nameKey(reference),
    from: reference.name,
    to: name,
    pinned: pinned && reference.name !== undefined,
  });
  into.rewrite({
    path: kindPath(reference),
    key: kindKey(reference),
    from: reference.kind,
    to: kind,
    pinned: pinned && reference.kind !== undefined,
  });
}
