import type { Image } from "../images/image.ts";
import type { OsImageContext } from "./context.ts";

/** The name that stands for every user. */
const EVERY_USER = "*";

/**
 * Whether the caller may use an image: it is open, the caller owns it, or its `access` grants it to the caller or a team
 * of theirs. Privileged callers may use every image, and so may a caller without a name: `check` does not know the person.
 */
export function mayUse({ target, policy }: Pick<OsImageContext, "target" | "policy">, image: Image): boolean {
  if (image.kind !== "OSImage") return true;
  const { access } = image;
  const { user, privileged } = target;
  if (access === undefined || privileged || user.name === "") return true;
  if (access.users.some((name) => name === EVERY_USER || name === user.name)) return true;
  return access.teams.some((team) => user.groups.includes(policy.teamGroupPrefix + team));
}
