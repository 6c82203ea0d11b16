/**
 * What the index costs, by the number of images: `npm run bench:index`. Exits with 1 where a limit is missed; see
 * docs/performance.md.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../src/certs/self-signed.ts";
import { indexFigures } from "./index-figures.ts";
import type { IndexPlan } from "./index-size.ts";
import { measureIndex } from "./index-sizes.ts";
import { report } from "./results.ts";
import { BUNDLE, SOURCES } from "./servers.ts";

const FULL: IndexPlan = {
  program: BUNDLE,
  sizes: [1_000, 10_000, 100_000],
  syncs: 3,
  eventSeconds: 5,
  looks: 60,
  reviewRounds: 12,
  reviewSeconds: 2,
};
/** Whether all of it works; it says nothing about time or memory. */
const SMOKE: IndexPlan = {
  program: SOURCES,
  sizes: [300, 600],
  syncs: 1,
  eventSeconds: 1,
  looks: 4,
  reviewRounds: 1,
  reviewSeconds: 1,
};

const { values: flags } = parseArgs({
  options: { smoke: { type: "boolean", default: false }, write: { type: "boolean", default: false } },
});
const folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-bench-"));
try {
  process.exitCode = (await bench()) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench(): Promise<boolean> {
  const plan = flags.smoke ? SMOKE : FULL;
  const certDir = join(folder, "certs");
  await mkdir(certDir);
  await writeSelfSigned(certDir, await selfSigned(LOCAL_HOSTS, new Date()));
  const figures = await measureIndex(plan, certDir, (name, text) => writeFile(join(folder, name), text));
  if (!flags.smoke) return report({ bench: "index", rows: indexFigures(plan.sizes), figures, write: flags.write });
  process.stdout.write(`${Object.keys(figures).length} figures, ${figures.failed} failed calls\n`);
  return figures.failed === 0 && Object.values(figures).every((value) => value >= 0);
}
