import { type Image, VMI_ID_PREFIX } from "../images/image.ts";
import { find } from "../images/resolve.ts";
import { at } from "../json.ts";
import { followsImage } from "./boot-references.ts";
import type { ReviewContext } from "./context.ts";
import { quote } from "./problem.ts";
import { fieldOf, kindKey, nameKey, type Reference } from "./reading.ts";
import { isNamedBy, isSame } from "./reference-image.ts";
import { kindPath, type Rewrites } from "./rewrite.ts";

/** CREATE, and an UPDATE that the policy lets through (M1 to M9): the boot references name the resolved image. */
export function pinBoot(context: ReviewContext, image: Image, into: Rewrites): void {
  pinImageName(context, image, into);
  pinImage(context, image, into);
}

function pinImageName(context: ReviewContext, image: Image, into: Rewrites): void {
  const { imageName, hasCdroms } = context.boot;
  if (imageName === undefined || !image.name.startsWith(VMI_ID_PREFIX)) return;
  const { name: from, namePath: path, key } = imageName;
  const to = image.name;
  if (from === to) return;
  if (from === "") {
    if (hasCdroms) into.rewrite({ path, key, from, to, pinned: false });
    return;
  }
  if (namesAnother(context, image, from)) return;
  if (context.policy.write === "image") {
    // A name that vm-operator, too, reads as this image is left.
    if (isReadAs(context, from, image)) return;
    into.warn(misread(imageName, image));
  }
  into.rewrite({ path, key, from, to, pinned: !isSame(imageName, context.oldBoot?.imageName) });
}

/** Why a name was rewritten in spite of `--write image`. */
function misread(imageName: Reference, image: Image): string {
  return (
    `${fieldOf(imageName.path)}: vm-operator does not read ${quote(imageName.name)} as the image meant here, ` +
    `so it became ${quote(image.name)}; write that in your manifest`
  );
}

/** M6: where `image` decides, and `agree` does not deny, another name is left for vm-operator to judge. */
function namesAnother(context: ReviewContext, image: Image, name: string): boolean {
  const { bootImage } = context;
  if (bootImage.is !== "resolved" || bootImage.by.role === "cdrom") return false;
  const decidedByImage = bootImage.by.form === "object";
  return decidedByImage && !followsImage(context) && !isNamedBy(context, image, name);
}

/** Whether vm-operator's own resolver, behind us, takes this name for exactly this image. */
function isReadAs({ index, subject }: ReviewContext, name: string, image: Image): boolean {
  const found = find(index, { namespace: subject.namespace, name }, "strict");
  return found?.is === "resolved" && found.image === image;
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
