/** Writes the webhook configurations of manifests/ from the reference table: `npm run manifests`. */
import { writeFile } from "node:fs/promises";
import { WEBHOOK_CONFIGURATIONS } from "./webhook-configurations.ts";

for (const { file, text } of WEBHOOK_CONFIGURATIONS) {
  await writeFile(new URL(`../manifests/${file}`, import.meta.url), text);
}
