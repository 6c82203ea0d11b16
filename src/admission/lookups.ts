import type { Findings } from "../references/checks.ts";
import type { ReferenceImage } from "../references/reference-image.ts";

/** What a decision is made of, to be counted. */
export interface Judged {
  /** Each reference that was looked up, once. */
  readonly references: readonly ReferenceImage[];
  /** Absent where the checks did not run. */
  readonly findings?: Findings;
}
