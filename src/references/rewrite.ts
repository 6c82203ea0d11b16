import type { JsonPath } from "../json.ts";
import type { Reference } from "./reading.ts";

/** A string of the object that changes. */
export interface Rewrite {
  readonly path: JsonPath;
  /** What the annotation calls it. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** `from` is what a person asked for, and `to` the image's own name or kind: the annotation keeps both. */
  readonly pinned: boolean;
}

/** A whole reference that is added, put back or taken away. */
export interface Replacement {
  readonly reference: Reference;
  /** Undefined takes it away. */
  readonly value: unknown;
}

/** What mutation does to references, before it is a patch. */
export interface Rewrites {
  readonly rewrites: readonly Rewrite[];
  readonly replacements: readonly Replacement[];
  readonly warnings: readonly string[];
}

export const NO_REWRITES: Rewrites = { rewrites: [], replacements: [], warnings: [] };

export function kindPath({ path }: Reference): JsonPath {
  return [...path, "kind"];
}

/** In this order. Most parts change nothing. */
export function joinRewrites(parts: readonly Rewrites[]): Rewrites {
  const changing = parts.filter((part) => part !== NO_REWRITES);
  if (changing.length <= 1) return changing[0] ?? NO_REWRITES;
  const joined = { rewrites: [] as Rewrite[], replacements: [] as Replacement[], warnings: [] as string[] };
  for (const { rewrites, replacements, warnings } of changing) {
    joined.rewrites.push(...rewrites);
    joined.replacements.push(...replacements);
    joined.warnings.push(...warnings);
  }
  return joined;
}
