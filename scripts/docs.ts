/** Writes docs/references.md from the reference and check tables: `npm run docs`. */
import { writeFile } from "node:fs/promises";
import { REFERENCES_PAGE, referencesPage, TABLES } from "./references-page.ts";

await writeFile(REFERENCES_PAGE, referencesPage(TABLES));
