import { pinProperty } from "../osimage/pin-property.ts";
import { at, textAt, textOf } from "../common/json.ts";
import { annotationBytes, roomForAnnotations } from "./annotation-limit.ts";
import type { Cdrom } from "../vm-operator/cdroms.ts";
import type { ReviewContext } from "./context.ts";
import { applyEdits, type Edit } from "./edit.ts";
import { pinBoot, pinObject, warnOfUnnamed } from "../vm-operator/write.ts";
import { NO_PINS, type Pin, PINNED_ANNOTATION, PINNED_PATH, type Pins, pinsEdits } from "./pinned-annotation.ts";
import { fieldOf, kindKey, nameKey, type Reference } from "./parse.ts";
import { restore, restoreMachine, restoreTemplate } from "./restore.ts";
import { kindPath, type Replacement, type Rewrite, Rewrites } from "./rewrites.ts";
import type { Subject } from "./target.ts";

/** The rules of mutation. Test titles carry their IDs. */
export const MUTATION_RULES = {
  M1: "imageName, --write both: imageName and image name the resolved image",
  M2: "imageName, --write imageName: only imageName does",
  M3: "imageName, --write image: only image does; imageName changes only where vm-operator would read it otherwise",
  M4: "versions without image get imageName; with --write image only where vm-operator would not find the image",
  M5: "image alone: its name becomes the object name, a missing kind is filled, a given one stays",
  M6: "imageName and image: image decides, and imageName must be a name of it",
  M7: "image and CD-ROMs without imageName: imageName becomes the object name",
  M8: "imageName gets the object name where vm-operator reads that as this image, else the display name, else nothing, with a warning",
  M9: "beside an imageName, image gets the namespaced kind where the namespace has the object name",
  M10: "the annotation says what was requested, only as long as its value stands",
  M11: "the patch is minimal, applies to its own input, and is empty on a second run",
  M12: "UPDATE: absent or empty references get the stored value back",
  M13: "UPDATE: any spelling of the stored image keeps exactly the stored value, an empty kind or an absent image included",
  M14: "UPDATE: anything else is refused, as naming another image only where the stored image is known beyond doubt",
  M15: "UPDATE: a privileged caller may unset the image of a machine that failed over",
  M16: "DELETE, CONNECT, subresources and objects being deleted are allowed untouched",
  M17: "CD-ROMs: each image as a spec.image alone: object name, missing kind filled, a given one stays",
  M18: "CD-ROMs alone: imageName is the first connected one's image, else the first one's, and image goes with it",
  M19: "UPDATE: a display name, LIBRARY/NAME or what was requested keeps a CD-ROM's stored image, unless that names nothing and the machine is off; an object name is taken",
  M20: "UPDATE of a template: the same; an absent reference is put back, and imageName and image stay together",
  M21: "v1alpha1 and v1alpha2: nothing is written where vm-operator restores the references from its conversion annotation",
  M22: "a property that names an OSImage: object name; UPDATE: any spelling of the stored image keeps it, none stays none",
  M23: "the annotation is left out, with a warning, where it would take the object's annotations over their limit",
} as const;

export interface Mutation {
  readonly edits: readonly Edit[];
  readonly warnings: readonly string[];
  /** What stands in the annotation afterwards, in the order of the fields. */
  readonly pins: Pins;
}

/** vm-operator restores the references from its annotation: what is written beside it has no effect (M21). */
const UNTOUCHED: Mutation = { edits: [], warnings: [], pins: NO_PINS };

/** How an object that no check refused has to change. */
export function mutate(context: ReviewContext): Mutation {
  const { subject, cdroms, properties } = context;
  if (subject.restored !== undefined) return UNTOUCHED;
  const rewrites = new Rewrites();
  rewriteBoot(context, rewrites);
  for (const cdrom of cdroms) rewriteCdrom(context, cdrom, rewrites);
  for (const property of properties) pinProperty(context, property, rewrites);
  const pins = pinsAfter(context, rewrites);
  const annotation = pinnedAnnotation(subject, pins);
  const edits = [...rewrites.replacements.map(replacing), ...rewrites.rewrites.map(rewriting), ...annotation.edits];
  return { edits, warnings: [...rewrites.warnings, ...annotation.warnings], pins };
}

function replacing({ reference, part, value }: Replacement): Edit {
  const path = part === "whole" ? reference.path : kindPath(reference);
  return value === undefined ? { is: "remove", path } : { is: "set", path, value };
}

function rewriting({ path, to }: Rewrite): Edit {
  return { is: "set", path, value: to };
}

/** M23: one that was there already goes, too; it would say what is not true, or take the room that is needed. */
function pinnedAnnotation({ object, oldObject, version }: Subject, pins: Pins): Pick<Mutation, "edits" | "warnings"> {
  const edits = pinsEdits(object, pins);
  if (pins.size === 0) return { edits, warnings: [] };
  const text = at(applyEdits(object, edits), PINNED_PATH);
  const bytes = annotationBytes(object, PINNED_ANNOTATION, textOf(text));
  const room = roomForAnnotations(object, oldObject, version);
  if (bytes <= room) return { edits, warnings: [] };
  const warning =
    `${fieldOf(PINNED_PATH)}: left out, because the annotations would have ${bytes} bytes, and there is room for ${room}; ` +
    "write object names in the manifest, or make its annotations shorter";
  return { edits: pinsEdits(object, NO_PINS), warnings: [warning] };
}

function rewriteBoot(context: ReviewContext, into: Rewrites): void {
  const { bootImage, changes, subject } = context;
  if (bootImage.is === "resolved") pinBoot(context, bootImage.image, into);
  else if (bootImage.is === "absent") warnOfUnnamed(context, into);
  else if (bootImage.is === "unchanged" && changes !== undefined) {
    (subject.isTemplate ? restoreTemplate : restoreMachine)(context, into);
  }
}

function rewriteCdrom(context: ReviewContext, { reference, old, change, image }: Cdrom, into: Rewrites): void {
  if (image?.is === "resolved") pinObject(reference, old, image.image, into);
  else if (change.is === "putBack") restore(context, reference, old, into);
}

/**
 * The annotation after mutation: pins that came with the object or, where a client dropped them from an unchanged
 * value, with the old one, as far as their value stands, and what was rewritten now.
 */
function pinsAfter({ pins: own, oldPins: stored, reading }: ReviewContext, changing: Rewrites): Pins {
  const rewritten = new Map(changing.rewrites.map((rewrite) => [rewrite.key, rewrite]));
  const replacements = new Map(changing.replacements.map((replacement) => [replacement.reference, replacement]));
  const pins = new Map<string, Pin>();
  const keep = (field: string, sent: string, replaced: string | undefined): void => {
    const rewrite = rewritten.get(field);
    const value = rewrite?.to ?? replaced ?? sent;
    const known = own.get(field) ?? (sent === value ? undefined : stored.get(field));
    if (rewrite?.pinned === true) pins.set(field, pinOf(rewrite));
    else if (known?.resolved === value) pins.set(field, known);
  };
  for (const reference of reading.references) {
    const replacement = replacements.get(reference);
    const [name, kind] = replacement === undefined ? [] : partsOf(reference, replacement);
    keep(nameKey(reference), reference.name, name);
    if (reference.form === "object") keep(kindKey(reference), reference.kind, kind);
  }
  return pins;
}

function pinOf({ from, to }: Rewrite): Pin {
  return { requested: from, resolved: to };
}

/** Name and kind of a reference after its replacement; undefined for what stays. */
function partsOf(
  { form }: Reference,
  { part, value }: Replacement,
): readonly [name: string | undefined, kind: string | undefined] {
  if (part === "kind") return [undefined, textOf(value)];
  return form === "name" ? [textOf(value), ""] : [textAt(value, ["name"]), textAt(value, ["kind"])];
}
