import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEED_VARIABLE, seeded, testSeed } from "../support/seed.ts";
import { TlsClient } from "../support/tls-client.ts";
import { LONG_TEST } from "./polling.ts";
import { ClusterPlane } from "./cluster-plane.ts";
import { ROCKY } from "./cluster-suites/cluster-context.ts";
import { ClusterWebhook, reviewOf } from "./cluster-webhook.ts";
import { CONTROL_PLANE_ASSETS, nonEmpty, OWN_CRDS } from "./control-plane.ts";
import { CHURNED_NAMES, ImageChurn } from "./image-churn.ts";
import { INSPECTED } from "./inspector.ts";
import { MachineLoad } from "./machine-load.ts";
import { couldMean, meaningIn } from "./meaning.ts";
import { median, type MemorySample, memorySamples } from "./memory-samples.ts";
import { steadyLoad } from "./steady-load.ts";

const SECONDS = Number(nonEmpty(process.env["E2E_SOAK_SECONDS"]) ?? "120");
/** Clients that create machines through the API server, with a pause in milliseconds. */
const CREATE_LOAD = { loops: 3, pause: 100 };
/** Clients that call the webhook directly, each over one connection. */
const DIRECT_CLIENTS = 2;
const DIRECT_LOAD = { loops: 1, pause: 10 };
/**
 * Bytes by which the last third of the time may exceed the middle one. `used`, after a garbage collection: several
 * times the measured variation, and the growth by a leak of 300 bytes in each of 80 reviews a second. `resident` shows
 * leaks outside V8.
 */
const MAX_GROWTH = { used: 1_000_000, resident: 8_000_000 };
/** One of this number of created machines is written again. */
const REPLACED_OF = 4;

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("a webhook under load while images change", () => {
  let plane: ClusterPlane | undefined;
  let webhook: ClusterWebhook | undefined;
  beforeAll(async () => {
    plane = await ClusterPlane.start([OWN_CRDS]);
    await plane.createImage(ROCKY);
    const { certificate } = plane;
    const kubeconfig = await plane.accountKubeconfig();
    webhook = await ClusterWebhook.startReady({ kubeconfig, certificate, nodeFlags: [INSPECTED] });
    await plane.pointAt(webhook, "rocky-9.5");
  });
  afterAll(async () => {
    await webhook?.stop();
    await plane?.stop();
  });

  test(
    `answers correctly for ${SECONDS} s, without growing memory`,
    { timeout: LONG_TEST + SECONDS * 1_000 },
    async () => {
      if (plane === undefined || webhook === undefined) throw new Error("the cluster or the webhook did not start");
      const seed = testSeed();
      console.info(`${SEED_VARIABLE}=${seed}`);
      const random = seeded(seed);
      const webhooks = [webhook];
      const churn = new ImageChurn({ admin: plane.api.admin, webhooks: () => webhooks, random });
      const { history } = churn;
      const load = new MachineLoad({ plane, history, random, retries: false });
      const wrong: string[] = [];
      let rejected = 0;
      const ask = async (client: TlsClient): Promise<void> => {
        const name = CHURNED_NAMES[random(CHURNED_NAMES.length)] ?? "";
        const asked = performance.now();
        const { status: code, headers, text: body } = await client.post("/mutate?timeout=5s", reviewOf(name));
        // No decision: the API server would retry. On a busy machine the event loop may be late.
        if (code === 503 && headers["retry-after"] !== undefined) {
          rejected++;
          return;
        }
        const meaning = meaningIn({ code, body, retryAfter: undefined }, name);
        const possible = history.possible(name, asked, performance.now());
        if (!couldMean(meaning, possible)) wrong.push(`${name}: ${meaning}, not ${possible.join(" or ")}`);
      };
      const create = async (nth: number): Promise<void> => {
        await load.create(`load-${nth}`);
        if (nth % REPLACED_OF === 0) await load.replace(`load-${nth}`);
      };
      const { port } = webhook;
      const { ca } = plane.certificate;
      const clients = Array.from({ length: DIRECT_CLIENTS }, () => new TlsClient(port, ca));

      const end = AbortSignal.timeout(SECONDS * 1_000);
      const [samples] = await Promise.all([
        memorySamples(webhook, end),
        churn.run(end),
        steadyLoad(CREATE_LOAD, end, create),
        ...clients.map((client) => steadyLoad(DIRECT_LOAD, end, () => ask(client))),
      ]);
      for (const client of clients) client.close();

      const reviews = webhook.reviewsSoFar.length;
      console.info({
        reviews,
        rejected,
        changes: churn.changes,
        ...load.answers,
        memory: samples.at(-1),
      });
      expect([...wrong, ...load.wrong, ...(await load.wronglyStored())]).toEqual([]);
      for (const answer of ["pinned", "not found", "ambiguous"] as const) {
        expect(load.answers[answer], answer).toBeGreaterThan(0);
      }
      for (const [what, most] of Object.entries(MAX_GROWTH) as [keyof MemorySample, number][]) {
        const growth = medianOf(what, samples, 2 / 3) - medianOf(what, samples, 1 / 3);
        expect(growth, `growth of ${what}`).toBeLessThan(most);
      }
    },
  );
});

/** The median of the third of all samples that begins at this fraction. */
function medianOf(what: keyof MemorySample, samples: readonly MemorySample[], start: number): number {
  const begin = Math.floor(samples.length * start);
  return median(samples.slice(begin, begin + samples.length / 3).map((sample) => sample[what]));
}
