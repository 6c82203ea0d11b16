import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiServer } from "./api-server.ts";
import type { DrainOptions } from "./drain.ts";
import { heapAfterCollection } from "./heap.ts";
import type { IndexFigures } from "./index-figures.ts";
import { eventually, freePort, peakResidentBytes, runProgram } from "./processes.ts";
import { type MeasuredServer, ready, startWebhook } from "./servers.ts";
import type { RefusalOptions, Refusals } from "./refusals.ts";
import { median, pairedRatios } from "./statistics.ts";

/** For a pod of 256 MiB. All flags but the first are those of manifests/base. */
const NODE_FLAGS = ["--max-old-space-size=128", "--max-semi-space-size=4"];
const ENVIRONMENT = { MALLOC_ARENA_MAX: "1" };
const MEBIBYTE = 1_024 * 1_024;

/** Stops a process or server if it still runs. */
export type Stop = () => Promise<void> | void;

export interface SizeOptions {
  /** The bundle or the sources. */
  readonly program: string;
  /** Number of images. */
  readonly size: number;
  /** Number of first syncs. */
  readonly syncs: number;
  /** Number of refusals of each mistaken name. */
  readonly refusals: number;
  /** The certificate is in its subfolder `certs`. */
  readonly folder: string;
  /** The caller must call all of these at the end, even after an error. */
  readonly stops: Stop[];
}

/** A running webhook with a number of images. */
export interface SizedWebhook {
  readonly size: number;
  readonly webhook: MeasuredServer;
  readonly figures: IndexFigures;
}

/** Measures all figures for one number of images. */
export async function measureSize({
  program,
  size,
  syncs,
  refusals: rounds,
  folder,
  stops,
}: SizeOptions): Promise<SizedWebhook> {
  const certDir = join(folder, "certs");
  const api = await ApiServer.start(certDir, size);
  stops.push(() => {
    api.stop();
  });
  const kubeconfig = join(folder, `kubeconfig-${size}`);
  await writeFile(kubeconfig, kubeconfigOf(api.url, certDir));
  const inspectPort = await freePort();
  const nodeFlags = [...NODE_FLAGS, `--inspect-port=127.0.0.1:${inspectPort}`, "--inspect-publish-uid=http"];
  const options = { program, nodeFlags, flags: ["--kubeconfig", kubeconfig], certDir };
  const { webhook, ...sync } = await firstSyncs(syncs, api, async () => {
    const launched = await startWebhook({ ...options, environment: ENVIRONMENT });
    stops.push(launched.stop);
    return launched;
  });
  api.expire();
  const relistTime = await eventually("a complete list", webhook.child, () => api.listTime());
  const relistStall = await longestStall(webhook);
  const peak = peakResidentBytes(webhook.pid) / MEBIBYTE;
  const heap = (await heapAfterCollection(webhook.child, inspectPort)) / MEBIBYTE;
  const refusals = (await runProgram("measured", "refusals.ts", { size, rounds } satisfies RefusalOptions)) as Refusals;
  const { median: quickRefusal, slowest: slowRefusal } = refusals;
  return { size, webhook, figures: { ...sync, relistTime, relistStall, heap, peak, quickRefusal, slowRefusal } };
}

type Syncs = Pick<IndexFigures, "sync" | "syncTime" | "syncStall"> & { readonly webhook: MeasuredServer };

/** Alternates new webhooks with a plain drain of the same pages. The last webhook stays. */
async function firstSyncs(rounds: number, api: ApiServer, launch: () => Promise<MeasuredServer>): Promise<Syncs> {
  const [ours, theirs, stalls]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; ; round++) {
    api.forgetList();
    const webhook = await launch();
    // No request to the webhook before its list is complete: an answer would take some of its time.
    ours.push(await eventually("a complete list", webhook.child, () => api.listTime()));
    await ready(webhook);
    stalls.push(await longestStall(webhook));
    if (round < rounds) await webhook.stop();
    api.forgetList();
    await runProgram("measured", "drain.ts", { url: api.url, ca: webhook.ca } satisfies DrainOptions, NODE_FLAGS);
    theirs.push(api.listTime());
    if (round < rounds) continue;
    const sync = median(pairedRatios(ours, theirs));
    return { webhook, sync, syncTime: median(ours), syncStall: median(stalls) };
  }
}

/** Milliseconds of the longest stall of the event loop since the last scrape. */
async function longestStall({ opsPort }: MeasuredServer): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1] ?? NaN);
}

function kubeconfigOf(server: string, certDir: string): string {
  return JSON.stringify({
    "current-context": "bench",
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench" } }],
    clusters: [{ name: "bench", cluster: { server, "certificate-authority": join(certDir, "ca.crt") } }],
    users: [{ name: "bench", user: { token: "bench" } }],
  });
}
