import type { Image } from "../images/image.ts";
import type { ReviewContext } from "../references/context.ts";

/** Names every user. */
const EVERYBODY = "*";

/**
 * Whether the caller may use an image: it is open, or they own it, or its `access` lets them or a team of theirs.
 * Privileged callers may, and so may a caller without a name: `check` does not know the person.
 */
export function mayUse({ subject, policy }: ReviewContext, image: Image): boolean {
  if (image.kind !== "OSImage") return true;
  const { access } = image;
  const { user, privileged } = subject;
  if (access === undefined || privileged || user.name === "") return true;
  if (access.users.some((name) => name === EVERYBODY || name === user.name)) return true;
  return access.teams.some((team) => user.groups.includes(policy.teamGroupPrefix + team));
}
