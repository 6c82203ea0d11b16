import type { JsonPath } from "../common/json.ts";
import type { Reference } from "./parse.ts";

/** A string of the object that changes. */
export interface Rewrite {
  readonly path: JsonPath;
  /** Its key in the pinned annotation. */
  readonly key: string;
  readonly from: string | undefined;
  readonly to: string;
  /** A person asked for `from`, and `to` is the image's own name or kind: the annotation records both. */
  readonly pinned: boolean;
}

/** A whole reference, or its kind, that is added, restored or removed. */
export interface Replacement {
  readonly reference: Reference;
  readonly part: "whole" | "kind";
  /** Undefined removes it. */
  readonly value: unknown;
}

/** What mutation does to the references of one object, before it becomes a patch; each rule adds to it. */
export class Rewrites {
  readonly rewrites: Rewrite[] = [];
  readonly replacements: Replacement[] = [];
  readonly warnings: string[] = [];

  /** Ignores a rewrite to the same string. */
  rewrite(rewrite: Rewrite): void {
    if ((rewrite.from ?? "") !== rewrite.to) this.rewrites.push(rewrite);
  }

  replace({ reference, value }: Omit<Replacement, "part">): void {
    this.replacements.push({ reference, part: "whole", value });
  }

  replaceKind({ reference, value }: Omit<Replacement, "part">): void {
    this.replacements.push({ reference, part: "kind", value });
  }

  warn(warning: string): void {
    this.warnings.push(warning);
  }
}

/** Path of a reference's kind. A reference of the conversion annotation has one path for all its parts. */
export function kindPath({ path, namePath, form }: Reference): JsonPath {
  return form === "object" && namePath === path ? path : [...path, "kind"];
}
