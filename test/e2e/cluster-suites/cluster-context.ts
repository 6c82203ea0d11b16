import { afterAll, beforeAll } from "vitest";
import { clusterImage, type ImageManifest, namespaceImage } from "../cluster-images.ts";
import { ClusterPlane } from "../cluster-plane.ts";
import { ClusterWebhook, type ClusterWebhookOptions } from "../cluster-webhook.ts";

/** Images that exist before the webhook starts. */
export const UBUNTU: ImageManifest = namespaceImage("ubuntu-24.04");
export const ROCKY: ImageManifest = clusterImage("rocky-9.5");

/** A cluster and a running webhook; readable once the hooks have run. */
export interface ClusterContext {
  readonly plane: ClusterPlane;
  /** Has the rights of manifests/base, and the API server calls it. */
  readonly webhook: ClusterWebhook;
  /** Runs another webhook until the tests end. */
  readonly another: (options: Omit<ClusterWebhookOptions, "certificate">) => Promise<ClusterWebhook>;
}

/** A cluster with two images and a webhook, for the tests of the surrounding `describe`. */
export function withCluster(crds: readonly string[]): ClusterContext {
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
  const context = {
    get plane(): ClusterPlane {
      return started(plane);
    },
    get webhook(): ClusterWebhook {
      return started(webhook);
    },
    another: async (options: Omit<ClusterWebhookOptions, "certificate">): Promise<ClusterWebhook> => {
      const other = await ClusterWebhook.start({ ...options, certificate: context.plane.certificate });
      others.push(other);
      return other;
    },
  };
  return context;
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("the cluster or the webhook did not start");
  return part;
}
