/**
 * Writes the pages of docs/ that are made from the tables that the webhook runs on: references.md, metrics.md and the
 * table of flags in cli.md. `npm run docs`
 */
import { writeFile } from "node:fs/promises";
import { CLI_PAGE, cliPage } from "./cli-page.ts";
import { METRICS_PAGE, metricsPage } from "./metrics-page.ts";
import { REFERENCES_PAGE, referencesPage, TABLES } from "./references-page.ts";

await writeFile(REFERENCES_PAGE, referencesPage(TABLES));
await writeFile(METRICS_PAGE, metricsPage());
await writeFile(CLI_PAGE, cliPage());
