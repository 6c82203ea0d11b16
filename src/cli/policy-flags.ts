import type { AdmissionPolicy } from "../admission/decide.ts";
import { privilegedCallers } from "../admission/privileged.ts";
import type { FlagValues } from "./flags.ts";

/** The flags of the admission policy. */
export const POLICY_FLAGS = [
  "resolution",
  "write",
  "check",
  "privileged-user",
  "privileged-group",
  "team-group-prefix",
] as const;

export function policyOf(flags: FlagValues<(typeof POLICY_FLAGS)[number]>): AdmissionPolicy {
  return {
    resolution: flags.resolution,
    write: flags.write,
    levels: flags.check,
    teamGroupPrefix: flags["team-group-prefix"],
    isPrivileged: privilegedCallers({ users: flags["privileged-user"], groups: flags["privileged-group"] }),
  };
}
