/** Measures the cost of the index by the number of images: `npm run bench:index`. Exits with 1 where a limit is missed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../scripts/markdown.ts";
import { LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../src/certs/self-signed.ts";
import { heapOfImage, keepsLimits, sizeTable } from "./index-figures.ts";
import { measureSize, type SizedWebhook, type Stop } from "./index-size.ts";
import type { LoadResult, Target } from "./load.ts";
import { moveTo } from "./processes.ts";
import { runLoad, targetOf } from "./review-rounds.ts";
import { BUNDLE, SOURCES } from "./servers.ts";
import { median, pairedRatios } from "./statistics.ts";
import { type Figure, format, isKept, limitOf } from "./tables.ts";
import { createReview } from "./workload.ts";

const FULL = { program: BUNDLE, sizes: [1_000, 10_000, 100_000], syncs: 3, refusals: 15, reviewRounds: 40 };
/** Only shows that the benchmark works: its figures mean nothing. */
const SMOKE = { program: SOURCES, sizes: [300, 600], syncs: 1, refusals: 1, reviewRounds: 1 };

const { values: flags } = parseArgs({ options: { smoke: { type: "boolean", default: false } } });
const folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-bench-"));
/** Stops everything that was started and may still run. */
const stops: Stop[] = [];
try {
  process.exitCode = (await bench(flags.smoke ? SMOKE : FULL)) ? 0 : 1;
} finally {
  for (const stop of stops) await stop();
  await rm(folder, { recursive: true, force: true });
}

async function bench({ program, sizes, syncs, refusals, reviewRounds }: typeof FULL): Promise<boolean> {
  // The API servers are part of this process.
  moveTo("measuring");
  await writeSelfSigned(join(folder, "certs"), await selfSigned(LOCAL_HOSTS, new Date()));
  const sized: SizedWebhook[] = [];
  for (const size of sizes) sized.push(await measureSize({ program, size, syncs, refusals, folder, stops }));
  const figures = new Map(sized.map((each) => [each.size, each.figures]));
  process.stdout.write(`\n${sizeTable(figures)}\n`);
  const reviews = await compareReviews(sized, reviewRounds);
  const failed = reviews.reduce((sum, result) => sum + result.failed, 0);
  const [fewest = [], most = []] = reviews.map(({ turns }) => turns.map(({ calls, cpuSeconds }) => calls / cpuSeconds));
  const ratio = median(pairedRatios(most, fewest));
  const overall: Figure[] = [
    { text: "heap of one more image", value: heapOfImage(figures), unit: "B", max: 1_024 },
    {
      text: "reviews for the same processor time, with the most images relative to the fewest",
      value: ratio,
      unit: "share",
    },
  ];
  const rows = overall.map((figure) => [figure.text, format(figure.value, figure.unit), limitOf(figure)]);
  process.stdout.write(`\n${table(["overall", "measured", "limit"], rows)}\n`);
  const calls = reviews.flatMap(({ turns }) => turns).reduce((sum, turn) => sum + turn.calls, 0);
  process.stdout.write(`\n${calls} calls, ${failed} failed\n`);
  return failed === 0 && (flags.smoke || (keepsLimits(figures) && overall.every(isKept)));
}

/** Compares reviews with the fewest and with the most images. Both sets contain the image of the review. */
async function compareReviews(sized: readonly SizedWebhook[], rounds: number): Promise<readonly LoadResult[]> {
  const body = createReview();
  const targets: Target[] = [];
  for (const each of [sized.at(0), sized.at(-1)]) {
    if (each !== undefined) targets.push(await targetOf(`webhook ${targets.length + 1}`, each.webhook, body));
  }
  return runLoad({ targets, warmUpCalls: 10_000, rounds, turnSeconds: 0.25, pacedSeconds: 0 });
}
