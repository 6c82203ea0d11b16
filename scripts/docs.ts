/**
 * Writes the pages of docs/ that are made from tables: references.md, metrics.md, the table of flags in cli.md and
 * that of findings in audit.md from those that the program runs on, mistakes.md from that of test/mistakes. `npm run docs`
 */
import { writeFile } from "node:fs/promises";
import { AUDIT_PAGE, auditPage } from "./audit-page.ts";
import { CLI_PAGE, cliPage } from "./cli-page.ts";
import { METRICS_PAGE, metricsPage } from "./metrics-page.ts";
import { MISTAKES_PAGE, mistakesPage } from "./mistakes-page.ts";
import { REFERENCES_PAGE, referencesPage, TABLES } from "./references-page.ts";

await writeFile(REFERENCES_PAGE, referencesPage(TABLES));
await writeFile(METRICS_PAGE, metricsPage());
await writeFile(MISTAKES_PAGE, mistakesPage());
await writeFile(CLI_PAGE, cliPage());
await writeFile(AUDIT_PAGE, auditPage());
