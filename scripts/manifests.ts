/** Writes the webhook configurations of manifests/ from the reference table: `npm run manifests`. */
import { writeFile } from "node:fs/promises";
import { WEBHOOK_CONFIGURATIONS, WEBHOOK_CONFIGURATIONS_FOLDER } from "./webhook-configurations.ts";

for (const { file, text } of WEBHOOK_CONFIGURATIONS) {
  await writeFile(new URL(file, WEBHOOK_CONFIGURATIONS_FOLDER), text);
}
