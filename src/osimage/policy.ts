import type { Policy } from "../references/policy.ts";

export interface OsImagePolicy extends Policy {
  /** Flag `--team-group-prefix`: a caller is of team T of vCluster Platform where a group of theirs is this and T. */
  readonly teamGroupPrefix: string;
}
