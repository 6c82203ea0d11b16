import type { ReviewContext } from "../references/context.ts";
import type { Reference } from "../references/parse.ts";

/**
 * Whether a reference that names no image is admitted as sent, with a warning. vm-operator's own account reverts
 * snapshots and restores machines whose images are gone (restoreVMSpecFromSnapshot); a refusal would prevent that. A
 * template is checked as if an ordinary caller had sent it.
 */
export function isAdmittedAsSent({ target }: Pick<ReviewContext, "target">, { role, form }: Reference): boolean {
  if (!target.privileged || target.isTemplate) return false;
  return role === "cdrom" || (role === "boot" && form === "object" && target.operation === "CREATE");
}
