import type { Policy } from "../references/policy.ts";

/** Where the image goes that a `spec.imageName` resolved to. */
export const WRITE_MODES = ["both", "imageName", "image"] as const;
export type WriteMode = (typeof WRITE_MODES)[number];

export interface MachinePolicy extends Policy {
  /** Flag `--write`. */
  readonly write: WriteMode;
}
