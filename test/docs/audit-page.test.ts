import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { AUDIT_PAGE, auditPage } from "../../scripts/audit-page.ts";
import { AUDIT_FINDINGS } from "../../src/audit/finding.ts";

const PAGE = readFileSync(AUDIT_PAGE, "utf8");

it("docs/audit.md is what `npm run docs` writes now", () => {
  expect(PAGE).toBe(auditPage());
});

it("a page without the place of the table is an error", () => {
  expect(() => auditPage("# Audit\n")).toThrow("docs/audit.md");
});

it.each(Object.entries(AUDIT_FINDINGS))("the finding %s is on the page with its level", (id, { level, means }) => {
  const cells = PAGE.split("\n")
    .filter((line) => line.startsWith(`| \`${id}\` `))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells).toEqual([["", `\`${id}\``, level, means, ""]]);
});
