import type { Reference } from "../references/parse.ts";
import type { Question } from "../references/resolve-reference.ts";

/**
 * Whether a reference that names nothing is admitted as sent, with a warning: vm-operator's own account reverts
 * snapshots and restores machines whose images are gone (restoreVMSpecFromSnapshot), and a refusal would keep it from
 * that. A template is judged as that of an ordinary caller.
 */
export function isAdmittedAsSent({ subject }: Pick<Question, "subject">, { role, form }: Reference): boolean {
  if (!subject.privileged || subject.isTemplate) return false;
  return role === "cdrom" || (role === "boot" && form === "object" && subject.operation === "CREATE");
}
