import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ALERTS } from "../../scripts/alerts.ts";
import { ofCheckout } from "../support/command-run.ts";

const [, RUNBOOK = ""] = readFileSync(ofCheckout("docs/operations.md"), "utf8").split("\n## Runbook\n");

it("the runbook has an entry for each alert, and for no other", () => {
  const entries = [...RUNBOOK.matchAll(/^### (.*)$/gm)].map(([, alert]) => alert);
  expect(entries).toEqual(ALERTS.map(({ alert }) => alert));
});

it.each(ALERTS)("the entry of $alert says what it means and what to do", ({ alert }) => {
  const [, entry = ""] = RUNBOOK.split(`\n### ${alert}\n`);
  expect(entry.split("\n### ")[0]).toMatch(/\*\*Means\*\*: [\s\S]+\*\*Do\*\*: /);
});
