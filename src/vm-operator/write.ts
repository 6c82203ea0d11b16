import type { Image } from "../images/image.ts";
import { at } from "../common/json.ts";
import { followsImage } from "./boot-references.ts";
import { bootCdrom } from "./cdroms.ts";
import type { ReviewContext } from "../references/context.ts";
import { imageNameFor, isReadAs } from "./image-name.ts";
import { quote } from "../references/field-error.ts";
import { fieldOf, kindKey, nameKey, type Reference } from "../references/parse.ts";
import { isNamedBy, isSame } from "../references/resolve-reference.ts";
import { kindPath, type Rewrites } from "../references/rewrites.ts";

/** CREATE, and an UPDATE that the policy lets through (M1 to M9): the boot references name the resolved image. */
export function pinBoot(context: ReviewContext, image: Image, into: Rewrites): void {
  pinImageName(context, image, into);
  pinImage(context, image, into);
}

function pinImageName(context: ReviewContext, image: Image, into: Rewrites): void {
  const { imageName, hasCdroms } = context.boot;
  if (imageName === undefined) return;
  if (imageName.name === "" ? !hasCdroms : namesAnother(context, image, imageName.name)) return;
  const to = imageNameFor(context, image);
  if (to === undefined) {
    into.warn(unnamed(imageName, image, remedyFor(context)));
    return;
  }
  writeImageName(context, { imageName, image, to }, into);
  if (context.subject.isTemplate && to !== image.name) into.warn(resolvedAgain(imageName, to));
}

interface WrittenName {
  readonly imageName: Reference;
  readonly image: Image;
  readonly to: string;
}

function writeImageName(context: ReviewContext, { imageName, image, to }: WrittenName, into: Rewrites): void {
  const { name: from, namePath: path, key } = imageName;
  const isLeft = from !== "" && context.policy.write === "image";
  // A name that vm-operator, too, reads as this image is left.
  if (isLeft && isReadAs(context, from, image)) return;
  if (isLeft) into.warn(misread(imageName, to));
  const pinned = from !== "" && !isSame(imageName, context.oldBoot?.imageName);
  into.rewrite({ path, key, from, to, pinned });
}

/** Why a name was rewritten in spite of `--write image`. */
function misread(imageName: Reference, to: string): string {
  return (
    `${fieldOf(imageName.path)}: vm-operator does not read ${quote(imageName.name)} as the image meant here, ` +
    `so it became ${quote(to)}; write that in your manifest`
  );
}

/** A CD-ROM alone says what boots, and no name of its image can say so to vm-operator. */
export function warnOfUnnamed(context: ReviewContext, into: Rewrites): void {
  const { boot, cdroms } = context;
  const image = bootCdrom(cdroms)?.image;
  if (boot.imageName === undefined || image?.is !== "resolved") return;
  into.warn(unnamed(boot.imageName, image.image, remedyFor(context)));
}

function unnamed({ path, name: written }: Reference, { name }: Image, remedy: string): string {
  const subject = written === "" ? "" : `${quote(written)}: `;
  return (
    `${fieldOf(path)}: ${subject}vm-operator will refuse it: neither the object name ${quote(name)} nor a display name ` +
    `says exactly this image to it; ${remedy}`
  );
}

function remedyFor({ boot }: ReviewContext): string {
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

/** M6: where `image` decides, and `agree` does not deny, another name is left for vm-operator to judge. */
function namesAnother(context: ReviewContext, image: Image, name: string): boolean {
  const { bootImage } = context;
  if (bootImage.is !== "resolved" || bootImage.by.role === "cdrom") return false;
  const decidedByImage = bootImage.by.form === "object";
  return decidedByImage && !followsImage(context) && !isNamedBy(context, image, name);
}

function pinImage({ boot, oldBoot, policy, subject }: ReviewContext, image: Image, into: Rewrites): void {
  const reference = boot.image;
  if (reference === undefined) return;
  const present = at(subject.object, reference.path);
  if (present !== undefined && present !== null) pinObject(reference, oldBoot?.image, image, into);
  else if (policy.write !== "imageName") into.replace({ reference, value: refTo(image) });
}

function refTo({ kind, name }: Image): object {
  return { kind, name };
}

/** An object reference that is there: its name becomes the object name, its kind the image's. */
export function pinObject(
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
    pinned: pinned && reference.name !== "",
  });
  into.rewrite({
    path: kindPath(reference),
    key: kindKey(reference),
    from: reference.kind,
    to: kind,
    pinned: pinned && reference.kind !== "",
  });
}
