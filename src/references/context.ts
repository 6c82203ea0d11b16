import type { Image } from "../images/image.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { type ParsedReferences, parseReferences, type Reference } from "./parse.ts";
import { type Pins, readPins } from "./pinned-annotation.ts";
import type { Policy } from "./policy.ts";
import type { Lookup } from "./resolve-reference.ts";
import type { AdmissionTarget } from "./target.ts";

/** An object under review, parsed once. */
export interface ReviewContext {
  readonly target: AdmissionTarget;
  readonly index: ImageIndex;
  readonly policy: Policy;
  readonly parsed: ParsedReferences;
  /** On UPDATE. */
  readonly oldParsed: ParsedReferences | undefined;
  /** Of the object as it was sent. */
  readonly pins: Pins;
  /** Of the stored object. */
  readonly oldPins: Pins;
}

/** The same after its references are looked up: what checks and mutation read. Each image system adds what it knows. */
export interface ResolvedContext extends ReviewContext {
  /** Every reference that was looked up, once. */
  readonly lookups: readonly Lookup[];
}

export function reviewContext<P extends Policy>(
  target: AdmissionTarget,
  index: ImageIndex,
  policy: P,
): ReviewContext & { readonly policy: P } {
  const { object, oldObject, rows } = target;
  return {
    target,
    index,
    policy,
    parsed: parseReferences(object, rows),
    oldParsed: oldObject === undefined ? undefined : parseReferences(oldObject, rows),
    pins: readPins(object),
    oldPins: readPins(oldObject),
  };
}

export interface UsedImage {
  readonly reference: Reference;
  readonly image: Image;
}

/** Where several references mean one image, it is reported at the first of these. */
const ROLE_PRIORITY: readonly Reference["role"][] = ["cdrom", "boot", "property"];

/** The images that these references mean, each once. */
export function usedImages(lookups: readonly Lookup[]): readonly UsedImage[] {
  const used = new Map<string, UsedImage>();
  for (const role of ROLE_PRIORITY) {
    for (const lookup of lookups) {
      if (lookup.is !== "resolved" || lookup.reference.role !== role || used.has(lookup.image.name)) continue;
      used.set(lookup.image.name, lookup);
    }
  }
  return [...used.values()];
}
