import type { AdmissionRequest } from "./review.ts";

/** Callers with the rights of vm-operator's own account; `*` in a name matches any text. */
export interface PrivilegedCallers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export type IsPrivileged = (user: AdmissionRequest["user"]) => boolean;

/** vm-operator pkg/builder/auth.go IsPrivilegedAccount, which compares this user without regard to case. */
const ADMIN_USER = /^kubernetes-admin$/i;
const ADMIN_GROUP = "system:masters";

export function privilegedCallers({ users, groups }: PrivilegedCallers): IsPrivileged {
  const isUser = oneOf(users);
  const isGroup = oneOf([ADMIN_GROUP, ...groups]);
  return (user) => ADMIN_USER.test(user.name) || isUser(user.name) || user.groups.some(isGroup);
}

function oneOf(names: readonly string[]): (name: string) => boolean {
  const whole = names.filter((name) => !name.includes("*"));
  const patterns = names.filter((name) => name.includes("*")).map(patternOf);
  return (name) => whole.includes(name) || patterns.some((pattern) => pattern.test(name));
}

function patternOf(name: string): RegExp {
  return new RegExp(`^${name.split("*").map(RegExp.escape).join(".*")}$`, "s");
}
