import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROCKY, UBUNTU } from "./cluster-suites/cluster-context.ts";
import { LONG_TEST } from "./polling.ts";
import { ClusterPlane, type Created } from "./cluster-plane.ts";
import { Proxy } from "./cluster-proxy.ts";
import { ClusterWebhook } from "./cluster-webhook.ts";
import { CONTROL_PLANE_ASSETS, NAMESPACE, OWN_CRDS } from "./control-plane.ts";
import { SHUTDOWN_DELAY } from "./replicas.ts";

const RESTARTS = 10;
/** Each makes four reviews: two processes, two endpoints. */
const CREATIONS_A_SECOND = 20;
const DISPLAY_NAME = "ubuntu-24.04";

/** A constant address of a `url` webhook, whose process is replaced. */
class ReplaceableWebhook {
  readonly proxy: Proxy;
  readonly #kubeconfig: string;
  readonly #plane: ClusterPlane;
  readonly #former: ClusterWebhook[] = [];
  current: ClusterWebhook;

  private constructor(plane: ClusterPlane, kubeconfig: string, parts: { proxy: Proxy; current: ClusterWebhook }) {
    this.#plane = plane;
    this.#kubeconfig = kubeconfig;
    this.proxy = parts.proxy;
    this.current = parts.current;
  }

  /** `name`: the name of its own webhook configurations. */
  static async start(plane: ClusterPlane, name: string): Promise<ReplaceableWebhook> {
    const kubeconfig = await plane.accountKubeconfig();
    const current = await startWebhook(plane, kubeconfig);
    const proxy = await Proxy.start(current.port);
    await plane.pointAt(current, DISPLAY_NAME, { port: proxy.port, as: name });
    return new ReplaceableWebhook(plane, kubeconfig, { proxy, current });
  }

  /**
   * A new process is ready and gets all new connections before the old one gets SIGTERM; returns the exit code of the
   * old one.
   */
  async restart(): Promise<number | null> {
    const old = this.current;
    this.current = await startWebhook(this.#plane, this.#kubeconfig);
    this.#former.push(old);
    this.proxy.forwardTo(this.current.port);
    return old.stop();
  }

  /** The number of reviews of each process, oldest process first. */
  get reviews(): readonly number[] {
    return [...this.#former, this.current].map(({ reviewsSoFar }) => reviewsSoFar.length);
  }

  async stop(): Promise<void> {
    await this.current.stop();
    await this.proxy.stop();
  }
}

function startWebhook({ certificate }: ClusterPlane, kubeconfig: string): Promise<ClusterWebhook> {
  return ClusterWebhook.startReady({ kubeconfig, certificate, flags: SHUTDOWN_DELAY });
}

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("two webhooks that both see every CREATE", () => {
  let plane: ClusterPlane | undefined;
  let processes: readonly ReplaceableWebhook[] = [];
  beforeAll(async () => {
    plane = await ClusterPlane.start([OWN_CRDS]);
    for (const image of [UBUNTU, ROCKY]) await plane.createImage(image);
    for (const name of ["vm-image-webhook-a", "vm-image-webhook-b"]) {
      processes = [...processes, await ReplaceableWebhook.start(plane, name)];
    }
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    await plane?.stop();
  });

  test(`fail no CREATE over ${RESTARTS} alternating restarts`, { timeout: LONG_TEST }, async () => {
    if (plane === undefined) throw new Error("the cluster did not start");
    const end = new AbortController();
    const created = creations(plane, end.signal);
    const codes: (number | null)[] = [];
    try {
      for (let count = 0; count < RESTARTS; count++) {
        const code = await processes[count % processes.length]?.restart();
        codes.push(code ?? null);
      }
    } finally {
      end.abort();
    }
    const answers = await created;
    expect(answers.filter(({ status, imageName }) => status !== 201 || imageName !== UBUNTU.metadata.name)).toEqual([]);
    expect(codes).toEqual(Array.from({ length: RESTARTS }, () => 0));
    for (const { reviews } of processes) {
      expect(reviews).toHaveLength(1 + RESTARTS / processes.length);
      expect(Math.min(...reviews), `reviews of each process: ${reviews.join(", ")}`).toBeGreaterThan(0);
    }
  });
});

/** Creates machines at this rate, without waiting for answers, until the signal. */
async function creations(plane: ClusterPlane, until: AbortSignal): Promise<readonly Created[]> {
  const underWay: Promise<Created>[] = [];
  const start = performance.now();
  while (!until.aborted) {
    const due = ((performance.now() - start) * CREATIONS_A_SECOND) / 1_000;
    while (underWay.length < due) underWay.push(creation(plane, `rolling-${underWay.length}`));
    await delay(10);
  }
  return Promise.all(underWay);
}

function creation(plane: ClusterPlane, name: string): Promise<Created> {
  return plane
    .createMachine(DISPLAY_NAME, NAMESPACE, name)
    .catch((error: unknown) => ({ status: 0, text: String(error), imageName: undefined }));
}
