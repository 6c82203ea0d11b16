import { createHash } from "node:crypto";
import { AUDIT_LEVELS, type AuditFinding } from "../../audit/finding.ts";
import type { AuditedNamespace, AuditReport } from "../../audit/report.ts";
import { namespaceText, totalsText, unreadText } from "./audit-text.ts";
import { AUDIT_SCRIPT, AUDIT_STYLE } from "./audit-page.ts";

const POLICY = `default-src 'none'; style-src ${hash(AUDIT_STYLE)}; script-src ${hash(AUDIT_SCRIPT)}; base-uri 'none'; form-action 'none'`;

/** One page with counts, a table and a filter. It loads nothing, and every value is escaped. */
export function auditHtml({ totals, namespaces, unread }: AuditReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>Image audit</title>
<style>${AUDIT_STYLE}</style>
</head>
<body>
<h1>Image audit</h1>
<p id="totals">${totalsText(totals)}</p>
${unread.map((each) => `<p class="unread">${escaped(unreadText(each))}</p>`).join("\n")}
<table id="namespaces">
<caption>Namespaces</caption>
<thead>${headings(["Namespace", "Objects", ...AUDIT_LEVELS])}</thead>
<tbody>
${namespaces.map(namespaceRow).join("\n")}
</tbody>
</table>
<form role="search">
<label>Text <input id="q" type="search"></label>
<label>Level <select id="level">${options("all", AUDIT_LEVELS)}</select></label>
<label>Namespace <select id="namespace">${options(
    "all",
    namespaces.flatMap(({ namespace }) => namespace ?? []),
  )}</select></label>
</form>
<p id="shown" role="status"></p>
<table id="findings">
<caption>Findings</caption>
<thead>${headings(["Level", "Finding", "Namespace", "Object", "Field", "What is found, and what to do"])}</thead>
<tbody>
${namespaces.flatMap(({ findings }) => findings.map(findingRow)).join("\n")}
</tbody>
</table>
<script>${AUDIT_SCRIPT}</script>
</body>
</html>
`;
}

function headings(names: readonly string[]): string {
  return `<tr>${names.map((name) => `<th scope="col">${name}</th>`).join("")}</tr>`;
}

function options(all: string, values: readonly string[]): string {
  return [`<option value="">${all}</option>`, ...values.map((value) => `<option>${escaped(value)}</option>`)].join("");
}

function namespaceRow(counted: AuditedNamespace): string {
  const counts = [counted.objects, ...AUDIT_LEVELS.map((level) => counted[level])];
  const name = escaped(namespaceText(counted.namespace));
  return `<tr><th scope="row">${name}</th>${counts.map((count) => `<td>${count}</td>`).join("")}</tr>`;
}

function findingRow({ level, id, namespace = "", kind, name, field, message, remedy }: AuditFinding): string {
  const what = [message, remedy].filter((part) => part !== undefined).map(escaped);
  const cells = [id, namespace, `${kind} ${name}`, field].map((text) => `<td>${escaped(text)}</td>`).join("");
  return (
    `<tr data-level="${level}" data-namespace="${escaped(namespace)}">` +
    `<td class="level">${level}</td>${cells}<td>${what.join("<br>")}</td></tr>`
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A value as text of HTML, or in a quoted attribute. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark);
}

function hash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
