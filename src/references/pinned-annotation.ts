import { at, type JsonObject, mayHaveMembers, member, parsedObject } from "../common/json.ts";
import type { Edit } from "./edit.ts";

/** Records what a person wrote in a reference that mutation has changed. */
export const PINNED_ANNOTATION = "vm-image-webhook.dev/pinned";

export const PINNED_PATH = ["metadata", "annotations", PINNED_ANNOTATION] as const;

export interface Pin {
  /** As written. */
  readonly requested: string;
  /** What replaced it. */
  readonly resolved: string;
}

/** By the field path of the value that was rewritten, such as `spec.imageName` or `spec.image.name`. */
export type Pins = ReadonlyMap<string, Pin>;

export const NO_PINS: Pins = new Map();

/** The pins of an object. Malformed entries are skipped, and so is an annotation that is not a JSON object. */
export function readPins(object: JsonObject | undefined): Pins {
  const text = at(object, PINNED_PATH);
  if (typeof text !== "string") return NO_PINS;
  const pins = new Map<string, Pin>();
  for (const [field, entry] of entriesOf(text)) {
    const requested = member(entry, "requested");
    const resolved = member(entry, "resolved");
    if (typeof requested === "string" && typeof resolved === "string") pins.set(field, { requested, resolved });
  }
  return pins;
}

function entriesOf(text: string): readonly [string, unknown][] {
  return Object.entries(parsedObject(text) ?? {});
}

/** The pins of these fields whose `resolved` is still the value of the field. */
export function validPins(pins: Pins, fields: readonly (readonly [field: string, value: string])[]): Pins {
  const valid = new Map<string, Pin>();
  for (const [field, value] of fields) {
    const pin = pins.get(field);
    if (pin?.resolved === value) valid.set(field, pin);
  }
  return valid;
}

/** Edits after which the annotation has these pins; none where it has them already, or where it cannot be added. */
export function pinsEdits(object: JsonObject, pins: Pins): readonly Edit[] {
  const metadata = member(object, "metadata");
  const annotations = member(metadata, "annotations");
  if (!mayHaveMembers(metadata) || !mayHaveMembers(annotations)) return [];
  const current = member(annotations, PINNED_ANNOTATION);
  if (pins.size === 0) return current === undefined ? [] : [{ path: PINNED_PATH, is: "remove" }];
  return saysExactly(current, pins) ? [] : [{ path: PINNED_PATH, is: "set", value: annotationText(pins) }];
}

/** JSON of `{"spec.imageName":{"requested":"ubuntu-24.04","resolved":"vmi-..."}}`, in the order of the pins. */
function annotationText(pins: Pins): string {
  return JSON.stringify(Object.fromEntries(pins));
}

/** Whether the text has exactly these pins, in any layout. */
function saysExactly(current: unknown, pins: Pins): boolean {
  if (typeof current !== "string") return false;
  const entries = entriesOf(current);
  return (
    entries.length === pins.size &&
    entries.every(([field, entry]) => {
      const pin = pins.get(field);
      return (
        pin !== undefined && member(entry, "requested") === pin.requested && member(entry, "resolved") === pin.resolved
      );
    })
  );
}
