import type { AuditFinding } from "../../audit/finding.ts";
import type { AuditReport, LevelCounts, UnreadKind } from "../../audit/report.ts";
import { plain } from "../../references/field-error.ts";

/** The report by namespace: counts, then the findings. */
export function auditText({ totals, namespaces, unread }: AuditReport): string {
  const groups = namespaces.map(
    (each) =>
      `${namespaceText(each.namespace)}: ${objectsText(each.objects)}, ${countsText(each)}\n` +
      each.findings.map(findingText).join(""),
  );
  const nothing =
    totals.objects === 0 ? "error: nothing was audited: there is no object of a kind that names images\n" : "";
  return [...groups, ...unread.map(unreadText), nothing, `${totalsText(totals)}\n`].join("");
}

/** `namespace dev`; objects of the cluster have none. */
export function namespaceText(namespace: string | undefined): string {
  return namespace === undefined ? "cluster" : plain(`namespace ${namespace}`);
}

/** `3 objects in 1 namespace: 1 error, 0 warning, 0 info` */
export function totalsText(totals: AuditReport["totals"]): string {
  const { namespaces } = totals;
  return `${objectsText(totals.objects)} in ${namespaces} ${namespaces === 1 ? "namespace" : "namespaces"}: ${countsText(totals)}`;
}

function objectsText(count: number): string {
  return `${count} ${count === 1 ? "object" : "objects"}`;
}

function countsText({ error, warning, info }: LevelCounts): string {
  return `${error} error, ${warning} warning, ${info} info`;
}

function findingText({ level, id, kind, name, field, message, remedy }: AuditFinding): string {
  const first = `  ${level} ${id}: ${plain(`${kind} ${name}`)}: ${field}: ${message}\n`;
  return remedy === undefined ? first : `${first}    ${remedy}\n`;
}

export function unreadText({ kind, why, message, command }: UnreadKind): string {
  const see = command === undefined ? "" : `; see \`${command}\``;
  return `not read: ${kind}: ${why}: ${plain(message)}${see}\n`;
}
