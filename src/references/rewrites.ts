import type { JsonPath } from "../common/json.ts";
import type { Reference } from "./parse.ts";

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

/** A whole reference, or its kind, that is added, put back or taken away. */
export interface Replacement {
  readonly reference: Reference;
  readonly part: "whole" | "kind";
  /** Undefined takes it away. */
  readonly value: unknown;
}

/** What mutation does to the references of one object, before it is a patch; each rule adds to it. */
export class Rewrites {
  readonly rewrites: Rewrite[] = [];
  readonly replacements: Replacement[] = [];
  readonly warnings: string[] = [];

  /** Nothing, where the string says so already. */
  rewrite(rewrite: Rewrite): void {
    if (rewrite.from !== rewrite.to) this.rewrites.push(rewrite);
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

/** Where its kind stands. A reference of the conversion annotation has one path for all. */
export function kindPath({ path, namePath, form }: Reference): JsonPath {
  return form === "object" && namePath === path ? path : [...path, "kind"];
}
