import { fieldOf } from "../common/field-path.ts";
import { at, textAt, textOf } from "../common/json.ts";
import { annotationBytes } from "./annotation-limit.ts";
import type { ReviewContext } from "./context.ts";
import { applyEdits, type Edit } from "./edit.ts";
import { kindKey, nameKey, type Reference } from "./parse.ts";
import { NO_PINS, type Pin, PINNED_ANNOTATION, PINNED_PATH, type Pins, pinsEdits } from "./pinned-annotation.ts";
import { kindPath, type Replacement, type Rewrite, type Rewrites } from "./rewrites.ts";
import type { AdmissionTarget } from "./target.ts";

export interface Mutation {
  readonly edits: readonly Edit[];
  readonly warnings: readonly string[];
  /** The pins in the annotation after mutation, in the order of the fields. */
  readonly pins: Pins;
}

/** What an image system decides about mutation. */
export interface MutationRules<C> {
  /** What is rewritten; undefined where not even the annotation is written. */
  readonly rewrite: (context: C) => Rewrites | undefined;
  /** Bytes that the object's annotations may have. */
  readonly annotationRoom: (target: AdmissionTarget) => number;
}

const UNTOUCHED: Mutation = { edits: [], warnings: [], pins: NO_PINS };

/** How an object that no check refused has to change. */
export function mutationOf<C extends ReviewContext>(context: C, rules: MutationRules<C>): Mutation {
  const rewrites = rules.rewrite(context);
  if (rewrites === undefined) return UNTOUCHED;
  const pins = pinsAfter(context, rewrites);
  const annotation = pinnedAnnotation(context.target, pins, rules);
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

/** M23: an annotation that is already there is removed, too: it would be untrue, or take the room that is needed. */
function pinnedAnnotation<C>(
  target: AdmissionTarget,
  pins: Pins,
  { annotationRoom }: MutationRules<C>,
): Pick<Mutation, "edits" | "warnings"> {
  const { object } = target;
  const edits = pinsEdits(object, pins);
  if (pins.size === 0) return { edits, warnings: [] };
  const text = at(applyEdits(object, edits), PINNED_PATH);
  const bytes = annotationBytes(object, PINNED_ANNOTATION, textOf(text));
  const room = annotationRoom(target);
  if (bytes <= room) return { edits, warnings: [] };
  const warning =
    `${fieldOf(PINNED_PATH)}: left out, because the annotations would have ${bytes} bytes, and there is room for ${room}; ` +
    "write object names in the manifest, or make its annotations shorter";
  return { edits: pinsEdits(object, NO_PINS), warnings: [warning] };
}

/**
 * The annotation after mutation: what is rewritten now, and those pins of the object whose value is still there. Pins of
 * the stored object count where a client dropped the annotation and left the value.
 */
function pinsAfter(context: ReviewContext, { rewrites, replacements }: Rewrites): Pins {
  const rewritten = new Map(rewrites.map((rewrite) => [rewrite.key, rewrite]));
  const replaced = new Map(replacements.map((replacement) => [replacement.reference, replacement]));
  const pins = new Map<string, Pin>();
  for (const part of context.parsed.references.flatMap((reference) => partsOf(reference, replaced.get(reference)))) {
    const pin = pinAfter(context, part, rewritten.get(part.key));
    if (pin !== undefined) pins.set(part.key, pin);
  }
  return pins;
}

function pinAfter({ pins, oldPins }: ReviewContext, part: ReferencePart, rewrite?: Rewrite): Pin | undefined {
  if (rewrite?.pinned === true) return { requested: rewrite.from ?? "", resolved: rewrite.to };
  const value = valueAfter(part, rewrite);
  const known = pins.get(part.key) ?? (part.sent === value ? undefined : oldPins.get(part.key));
  return known?.resolved === value ? known : undefined;
}

function valueAfter({ sent, replaced }: ReferencePart, rewrite: Rewrite | undefined): string {
  return rewrite?.to ?? replaced ?? sent;
}

/** The name or the kind of a reference. */
interface ReferencePart {
  /** Its key in the annotation. */
  readonly key: string;
  readonly sent: string;
  /** After the reference's replacement; undefined where that does not touch it. */
  readonly replaced: string | undefined;
}

function partsOf(reference: Reference, replacement: Replacement | undefined): readonly ReferencePart[] {
  const { form, name = "", kind = "" } = reference;
  const [replacedName, replacedKind] = replacement === undefined ? [] : replacedParts(form, replacement);
  const ofName = { key: nameKey(reference), sent: name, replaced: replacedName };
  return form === "name" ? [ofName] : [ofName, { key: kindKey(reference), sent: kind, replaced: replacedKind }];
}

function replacedParts(
  form: Reference["form"],
  { part, value }: Replacement,
): readonly [name: string | undefined, kind: string | undefined] {
  if (part === "kind") return [undefined, textOf(value)];
  return form === "name" ? [textOf(value), ""] : [textAt(value, ["name"]), textAt(value, ["kind"])];
}
