import type { Findings } from "../references/check.ts";
import type { ReferenceImage } from "../references/resolve-reference.ts";

/** What a decision is made of, to be counted. */
export interface Judged {
  /** Each reference that was looked up, once. */
  readonly references: readonly ReferenceImage[];
  /** Absent where the checks did not run. */
  readonly findings?: Findings;
}
