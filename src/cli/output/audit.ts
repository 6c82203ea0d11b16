import { jsonLine } from "./json.ts";
import { auditHtml } from "./audit-html.ts";
import { auditText } from "./audit-text.ts";
import type { AuditReport } from "../../audit/report.ts";
import type { AuditOutput } from "./outputs.ts";

/** How a report is printed. */
export const AUDIT_FORMATS: Readonly<Record<AuditOutput, (report: AuditReport) => string>> = {
  text: auditText,
  /** One document: `{"totals": {...}, "namespaces": [...], "unread": [...]}`. */
  json: jsonLine,
  html: auditHtml,
};
