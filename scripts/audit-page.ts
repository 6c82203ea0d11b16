import { readFileSync } from "node:fs";
import { AUDIT_FINDINGS } from "../src/audit/finding.ts";
import { code, table, withTextBetween } from "./markdown.ts";

/** Where `npm run docs` writes the table of findings; the rest of the page is written by hand. */
export const AUDIT_PAGE = new URL("../docs/audit.md", import.meta.url);

const START = "<!-- findings: made from src/audit/finding.ts by npm run docs; do not edit -->";
const END = "<!-- end of findings -->";

/** The page with its table of findings as the program has them now. */
export function auditPage(page = readFileSync(AUDIT_PAGE, "utf8")): string {
  return withTextBetween(page, findingTable(), { name: "docs/audit.md", start: START, end: END });
}

function findingTable(): string {
  const rows = Object.entries(AUDIT_FINDINGS).map(([id, { level, means }]) => [code(id), level, means]);
  return table(["ID", "level", "a stored object"], rows);
}
