import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiServer } from "./api-server-orders.ts";
import type { DrainOptions } from "./drain.ts";
import type { SizeFigures } from "./index-figures.ts";
import { type Indexed, listTime, scrape, staleness } from "./index-phases.ts";
import { heapAfterCollection } from "./inspected.ts";
import type { LookupOptions } from "./lookup.ts";
import { freePort, peakResidentBytes, runProgram } from "./processes.ts";
import { startWebhook } from "./servers.ts";
import { median, pairedRatio, percentile } from "./statistics.ts";

/** What a pod of 256 MiB would run with; all but the first as in manifests/base (see docs/performance.md). */
const NODE_FLAGS = ["--max-old-space-size=128", "--max-semi-space-size=4"];
const ENVIRONMENT = { MALLOC_ARENA_MAX: "1" };
const EVENTS_PER_SECOND = 1_000;
const MEBIBYTE = 1_024 * 1_024;
const LOOKUP_SLICES = 200;

export interface IndexPlan {
  /** The bundle or the sources. */
  readonly program: string;
  /** Numbers of images, the least first. */
  readonly sizes: readonly number[];
  /** First syncs of each size. */
  readonly syncs: number;
  /** Of 1,000 events each. */
  readonly eventSeconds: number;
  /** How often staleness is looked at. */
  readonly looks: number;
  readonly reviewRounds: number;
  readonly reviewSeconds: number;
}

/** The webhook of one size, with the API server behind it. */
export interface SizedWebhook extends Indexed {
  readonly size: number;
  readonly inspectPort: number;
}

export interface SizeOptions {
  readonly plan: IndexPlan;
  readonly certDir: string;
  readonly api: ApiServer;
  readonly size: number;
  /** Of `serve`. */
  readonly flags: readonly string[];
}

/** Everything that is measured of one number of images; the webhook and its API server stay. */
export async function measureSize(options: SizeOptions): Promise<{ sized: SizedWebhook; figures: SizeFigures }> {
  const { plan, api, size } = options;
  const { sized, sync, syncTime, syncStall } = await firstSyncs(options);
  const { webhook } = sized;
  const lookup = await lookupTime(size);
  const quiet = await staleness(sized, plan.looks);
  const before = await scrape(webhook);
  await api.order({ do: "storm", perSecond: EVENTS_PER_SECOND });
  await delay(plan.eventSeconds * 1_000);
  const after = await scrape(webhook);
  const busy = await staleness(sized, plan.looks);
  await api.order({ do: "calm" });
  await scrape(webhook);
  await api.order({ do: "expire" });
  const relistTime = await listTime(api);
  const relisted = await scrape(webhook);
  const [resident, peak] = [relisted.resident / MEBIBYTE, peakResidentBytes(webhook.pid) / MEBIBYTE];
  const figures: SizeFigures = {
    sync,
    syncTime,
    syncStall,
    relistTime,
    relistStall: relisted.stall * 1_000,
    eventStall: after.stall * 1_000,
    eventCpu: ((after.cpu - before.cpu) / (plan.eventSeconds * EVENTS_PER_SECOND)) * 1e6,
    staleness: percentile(quiet, 0.5),
    staleness99: percentile(quiet, 0.99),
    busyStaleness99: percentile(busy, 0.99),
    lookup,
    heap: (await heapAfterCollection(webhook.pid, sized.inspectPort)) / MEBIBYTE,
    resident,
    peak,
  };
  return { sized, figures };
}

interface FirstSyncs extends Pick<SizeFigures, "sync" | "syncTime" | "syncStall"> {
  readonly sized: SizedWebhook;
}

/** Starts the webhook anew each time, in turns with a client that only drains and parses; the last webhook stays. */
async function firstSyncs(options: SizeOptions): Promise<FirstSyncs> {
  const { plan, api, certDir } = options;
  const [ours, theirs, stalls]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; ; round++) {
    const { sized, time } = await freshWebhook(options);
    ours.push(time);
    stalls.push((await scrape(sized.webhook)).stall * 1_000);
    if (round < plan.syncs) await sized.webhook.stop();
    await api.order({ do: "forget" });
    const drain: DrainOptions = { url: api.url, ca: readFileSync(join(certDir, "ca.crt"), "utf8") };
    await runProgram("measured", "drain.ts", drain, NODE_FLAGS);
    theirs.push(await listTime(api));
    await api.order({ do: "forget" });
    if (round < plan.syncs) continue;
    return { sized, sync: pairedRatio(ours, theirs), syncTime: median(ours), syncStall: median(stalls) };
  }
}

/** Gives with it the milliseconds of its first sync. */
async function freshWebhook(options: SizeOptions): Promise<{ sized: SizedWebhook; time: number }> {
  const { plan, certDir, api, size, flags } = options;
  const inspectPort = await freePort();
  const inspect = [`--inspect-port=127.0.0.1:${inspectPort}`, "--inspect-publish-uid=http"];
  let time = NaN;
  const webhook = await startWebhook({
    name: `${size} images`,
    program: plan.program,
    nodeFlags: [...NODE_FLAGS, ...inspect],
    flags,
    certDir,
    environment: ENVIRONMENT,
    beforeAsked: async () => {
      time = await listTime(api);
    },
  });
  return { sized: { api, webhook, size, inspectPort }, time };
}

async function lookupTime(images: number): Promise<number> {
  const options: LookupOptions = { images, slices: LOOKUP_SLICES };
  return (await runProgram("measured", "lookup.ts", options)) as number;
}
