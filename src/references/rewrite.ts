import type { JsonPath } from "../json.ts";
import type { Edit } from "./edit.ts";
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

/** What mutation does to references, before it is a patch. */
export interface Rewrites {
  readonly rewrites: readonly Rewrite[];
  /** Changes that are no rewriting of a string: a whole reference added, put back or taken away. */
  readonly edits: readonly Edit[];
  readonly warnings: readonly string[];
}

export const NO_REWRITES: Rewrites = { rewrites: [], edits: [], warnings: [] };

export function kindPath({ path }: Reference): JsonPath {
  return [...path, "kind"];
}

export function joinRewrites(parts: readonly Rewrites[]): Rewrites {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  return {
    rewrites: parts.flatMap(({ rewrites }) => rewrites),
    edits: parts.flatMap(({ edits }) => edits),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}
