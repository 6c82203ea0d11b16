import { type Image, VMI_ID_PREFIX } from "../images/image.ts";
import { find } from "../images/resolve.ts";
import { at } from "../json.ts";
import { followsImage } from "./boot-references.ts";
import type { ReviewContext } from "./context.ts";
import { quote } from "./problem.ts";
import { fieldOf, kindKey, nameKey, type Reference } from "./reading.ts";
import { isNamedBy, isSame } from "./reference-image.ts";
import { joinRewrites, kindPath, NO_REWRITES, type Rewrites } from "./rewrite.ts";

/** CREATE, and an UPDATE that the policy lets through (M1 to M9): the boot references name the resolved image. */
export function pinBoot(context: ReviewContext, image: Image): Rewrites {
  return joinRewrites([pinImageName(context, image), pinImage(context, image)]);
}

function pinImageName(context: ReviewContext, image: Image): Rewrites {
  const { imageName, hasCdroms } = context.boot;
  if (imageName === undefined || !image.name.startsWith(VMI_ID_PREFIX)) return NO_REWRITES;
  const { name: from, namePath: path, key } = imageName;
  if (from === image.name) return NO_REWRITES;
  if (from === "") {
    const rewrites = hasCdroms ? [{ path, key, from, to: image.name, pinned: false }] : [];
    return { ...NO_REWRITES, rewrites };
  }
  if (namesAnother(context, image, from)) return NO_REWRITES;
  const pinned = !isSame(imageName, context.oldBoot?.imageName);
  const rewritten = { ...NO_REWRITES, rewrites: [{ path, key, from, to: image.name, pinned }] };
  return context.policy.write === "image" ? onlyIfMisread(context, imageName, image, rewritten) : rewritten;
}

/** `--write image` leaves a name that vm-operator, too, reads as this image. */
function onlyIfMisread(context: ReviewContext, imageName: Reference, image: Image, rewritten: Rewrites): Rewrites {
  if (isReadAs(context, imageName.name, image)) return NO_REWRITES;
  const warning =
    `${fieldOf(imageName.path)}: vm-operator does not read ${quote(imageName.name)} as the image meant here, ` +
    `so it became ${quote(image.name)}; write that in your manifest`;
  return { ...rewritten, warnings: [warning] };
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

function pinImage({ boot, oldBoot, policy, subject }: ReviewContext, image: Image): Rewrites {
  const reference = boot.image;
  if (reference === undefined) return NO_REWRITES;
  const present = at(subject.object, reference.path);
  if (present === undefined || present === null) {
    if (policy.write === "imageName") return NO_REWRITES;
    return { ...NO_REWRITES, replacements: [{ reference, value: refTo(image) }] };
  }
  return pinObject(reference, oldBoot?.image, image);
}

function refTo({ kind, name }: Image): object {
  return { kind, name };
}

/** An object reference that is there: its name becomes the object name, its kind the image's. */
export function pinObject(reference: Reference, old: Reference | undefined, { kind, name }: Image): Rewrites {
  const pinned = !isSame(reference, old);
  const rewrites = [
    {
      path: reference.namePath,
      key: nameKey(reference),
      from: reference.name,
      to: name,
      pinned: pinned && reference.name !== "",
    },
    {
      path: kindPath(reference),
      key: kindKey(reference),
      from: reference.kind,
      to: kind,
      pinned: pinned && reference.kind !== "",
    },
  ].filter(({ from, to }) => from !== to);
  return { ...NO_REWRITES, rewrites };
}
