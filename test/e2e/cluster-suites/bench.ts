import { afterAll, beforeAll } from "vitest";
import { clusterImage, type ImageManifest, namespaceImage } from "../cluster-images.ts";
import { ClusterPlane } from "../cluster-plane.ts";
import { ClusterWebhook, type ClusterWebhookOptions } from "../cluster-webhook.ts";

/** There before the webhook starts. */
export const UBUNTU: ImageManifest = namespaceImage("ubuntu-24.04");
export const ROCKY: ImageManifest = clusterImage("rocky-9.5");

/** What the tests work with; each member is there once the hooks have run. */
export interface ClusterBench {
  readonly plane: ClusterPlane;
  /** With the rights of manifests/base; the API server asks it. */
  readonly webhook: ClusterWebhook;
  /** Runs another one until the tests are over. */
  readonly another: (options: Omit<ClusterWebhookOptions, "certificate">) => Promise<ClusterWebhook>;
}

/** A cluster with two images and a webhook, for the tests of the surrounding `describe`. */
export function withCluster(crds: readonly string[]): ClusterBench {
  let plane: ClusterPlane | undefined;
  let webhook: ClusterWebhook | undefined;
  const others: ClusterWebhook[] = [];
  beforeAll(async () => {
    plane = await ClusterPlane.start(crds);
    for (const image of [UBUNTU, ROCKY]) await plane.createImage(image);
    const { certificate } = plane;
    webhook = await ClusterWebhook.startReady({ kubeconfig: await plane.accountKubeconfig(), certificate });
    await plane.pointAt(webhook, "ubuntu-24.04");
  });
  afterAll(async () => {
    await Promise.all([...(webhook === undefined ? [] : [webhook]), ...others].map((each) => each.stop()));
    await plane?.stop();
  });
  const bench = {
    get plane(): ClusterPlane {
      return there(plane);
    },
    get webhook(): ClusterWebhook {
      return there(webhook);
    },
    another: async (options: Omit<ClusterWebhookOptions, "certificate">): Promise<ClusterWebhook> => {
      const started = await ClusterWebhook.start({ ...options, certificate: bench.plane.certificate });
      others.push(started);
      return started;
    },
  };
  return bench;
}

function there<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("the cluster or the webhook did not start");
  return part;
}
