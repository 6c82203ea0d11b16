import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiServer } from "./api-server-orders.ts";
import type { OverallFigures } from "./index-figures.ts";
import { type IndexPlan, measureSize, type SizedWebhook } from "./index-size.ts";
import type { Load, LoadOptions } from "./load-options.ts";
import { runProgram } from "./processes.ts";
import { rightAnswer } from "./review-rounds.ts";
import type { MeasuredServer } from "./servers.ts";
import { pairedRatio, rotated } from "./statistics.ts";
import { createReview, MEANT } from "./workload.ts";

const MEBIBYTE = 1_024 * 1_024;
const CONNECTIONS = 8;

type WriteFile = (name: string, text: string) => Promise<void>;

/** Sizes one after the other; the least and the most stay for a comparison of reviews. */
export async function measureIndex(
  plan: IndexPlan,
  certDir: string,
  writeFile: WriteFile,
): Promise<OverallFigures & Readonly<Record<string, number>>> {
  const figures: Record<string, number> = {};
  const running: SizedWebhook[] = [];
  try {
    for (const size of plan.sizes) {
      const api = await ApiServer.start(certDir, size);
      const kubeconfig = `kubeconfig-${size}`;
      await writeFile(kubeconfig, kubeconfigOf(api.url, certDir));
      const flags = ["--kubeconfig", join(certDir, "..", kubeconfig)];
      const measured = await measureSize({ plan, certDir, api, size, flags });
      running.push(measured.sized);
      for (const [id, value] of Object.entries(measured.figures)) figures[`${id}.${size}`] = value;
    }
    const [least, most] = [running.at(0), running.at(-1)];
    if (least === undefined || most === undefined) throw new Error("no sizes");
    const of = (id: string, { size }: SizedWebhook): number => figures[`${id}.${size}`] ?? NaN;
    const heapOfImage = ((of("heap", most) - of("heap", least)) * MEBIBYTE) / (most.size - least.size);
    const lookupGrowth = of("lookup", most) / of("lookup", least);
    return { ...figures, heapOfImage, lookupGrowth, ...(await compareReviews(plan, least.webhook, most.webhook)) };
  } finally {
    for (const { api, webhook } of running) {
      await webhook.stop();
      api.stop();
    }
  }
}

function kubeconfigOf(server: string, certDir: string): string {
  const ca = readFileSync(join(certDir, "ca.crt")).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "bench",
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench" } }],
    clusters: [{ name: "bench", cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: "bench", user: { token: "bench" } }],
  });
}

/** The two take turns in being first; both have the review's image, whatever else they have. */
async function compareReviews(
  { reviewRounds, reviewSeconds }: IndexPlan,
  least: MeasuredServer,
  most: MeasuredServer,
): Promise<Pick<OverallFigures, "reviews" | "failed">> {
  const throughputs: Record<"least" | "most", number[]> = { least: [], most: [] };
  let failed = 0;
  const expected = await rightAnswer(least);
  const servers = Object.entries({ least, most }) as ["least" | "most", MeasuredServer][];
  for (let round = 0; round <= reviewRounds; round++) {
    for (const [name, server] of rotated(servers, round)) {
      const { port, ca } = server;
      const common = { connections: CONNECTIONS, seconds: reviewSeconds, body: createReview(MEANT), expected };
      const load = (await runProgram("measuring", "load.ts", { port, ca, ...common } satisfies LoadOptions)) as Load;
      failed += load.failed;
      // The first round is for the compiler.
      if (round > 0) throughputs[name].push(load.calls / load.seconds);
    }
  }
  return { reviews: pairedRatio(throughputs.most, throughputs.least), failed };
}
