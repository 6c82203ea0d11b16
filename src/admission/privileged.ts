import type { AdmissionRequest } from "./review.ts";

/** Who may do what vm-operator's own account may; `*` in a name matches any text. */
export interface PrivilegedCallers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export type IsPrivileged = (user: AdmissionRequest["user"]) => boolean;

/** vm-operator pkg/builder/auth.go IsPrivilegedAccount, which compares this user without regard to case. */
const ADMIN_USER = /^kubernetes-admin$/i;
const ADMIN_GROUP = "system:masters";

export function privilegedCallers({ users, groups }: PrivilegedCallers): IsPrivileged {
  const userPatterns = [ADMIN_USER, ...users.map(patternOf)];
  const groupPatterns = [patternOf(ADMIN_GROUP), ...groups.map(patternOf)];
  return (user) =>
    userPatterns.some((pattern) => pattern.test(user.name)) ||
    user.groups.some((group) => groupPatterns.some((pattern) => pattern.test(group)));
}

function patternOf(name: string): RegExp {
  return new RegExp(`^${name.split("*").map(RegExp.escape).join(".*")}$`, "s");
}
