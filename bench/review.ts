/** Compares the cost of a review with that of a bare server and of controller-runtime: `npm run bench`. Exits with 1 where a limit is missed. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { IS_PINNED } from "./processes.ts";
import { coreShare, growthTable, ratiosOf, ratioTable, serverTable, turnsOf } from "./review-figures.ts";
import { measureGrowth, measureReviews, type ReviewPlan } from "./review-rounds.ts";
import { BUNDLE, buildPeer, SOURCES } from "./servers.ts";
import { isKept } from "./tables.ts";

const FULL = {
  program: BUNDLE,
  images: 10_000,
  processes: 3,
  load: { warmUpCalls: 20_000, rounds: 50, turnSeconds: 0.25, pacedSeconds: 5 },
};
/** Only shows that the benchmark works: its figures mean nothing. */
const SMOKE = {
  program: SOURCES,
  images: 100,
  processes: 1,
  load: { warmUpCalls: 100, rounds: 1, turnSeconds: 0.1, pacedSeconds: 0.5 },
};
/** Below this share, other processes ran on the core. */
const WHOLE_CORE = 0.95;

const { values: flags } = parseArgs({
  options: { smoke: { type: "boolean", default: false }, "without-peer": { type: "boolean", default: false } },
});
const folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-bench-"));
try {
  process.exitCode = (await bench()) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench(): Promise<boolean> {
  const withPeer = !flags["without-peer"] && buildPeer();
  const plan: ReviewPlan = { ...(flags.smoke ? SMOKE : FULL), withPeer };
  if (!IS_PINNED) say("Servers and load share their cores: there is one, or no taskset.");
  if (!withPeer) say("The controller-runtime peer is left out: there is no go, or it is not wanted.");
  await mkdir(join(folder, "growth"));
  const measured = await measureReviews(folder, plan);
  const growth = await measureGrowth(folder, plan);
  const ratios = ratiosOf(measured);
  for (const table of [serverTable(measured), ratioTable(ratios), growthTable(growth)]) say(`\n${table}`);
  const share = coreShare(measured);
  if (share < WHOLE_CORE) say(`\nThe machine was busy: servers got ${(100 * share).toFixed(0)} % of their core.`);
  const results = [...Object.values(measured).flat(), ...growth];
  const calls = turnsOf(results).reduce((sum, turn) => sum + turn.calls, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  say(`\n${calls} calls, ${failed} failed`);
  return failed === 0 && calls > 0 && (flags.smoke || ratios.every(isKept));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
