/** Writes docs/references.md and docs/metrics.md from the tables that the webhook runs on: `npm run docs`. */
import { writeFile } from "node:fs/promises";
import { METRICS_PAGE, metricsPage } from "./metrics-page.ts";
import { REFERENCES_PAGE, referencesPage, TABLES } from "./references-page.ts";

await writeFile(REFERENCES_PAGE, referencesPage(TABLES));
await writeFile(METRICS_PAGE, metricsPage());
