import { cp, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type ControlPlane, NAMESPACE, OWNED } from "../control-plane.ts";
import { type LogLine, WebhookProcess } from "../webhook.ts";

export const EXAMPLE_IMAGES = fileURLToPath(new URL("../../../examples/images/", import.meta.url));
export const EXAMPLE_MACHINES = fileURLToPath(new URL("../../../examples/vms/", import.meta.url));

/** What the tests of a suite work with; each member is there once the hooks have run. */
export interface Bench {
  readonly plane: ControlPlane;
  readonly webhook: WebhookProcess;
  /** See ControlPlane.reviewsOf. */
  readonly reviewsOf: (name: string) => Promise<readonly LogLine[]>;
}

/** Runs a webhook with these flags for the tests of the surrounding `describe`, and leaves no machine behind. */
export function withWebhook(plane: () => ControlPlane, flags: readonly string[] = []): Bench {
  let webhook: WebhookProcess | undefined;
  beforeAll(async () => {
    webhook = await WebhookProcess.start({ images: EXAMPLE_IMAGES, certificate: plane().certificate, flags });
    await plane().pointAt(webhook);
  });
  afterAll(async () => {
    try {
      await plane().user.ok(["delete", OWNED.join(), "--all", "-n", NAMESPACE]);
    } finally {
      await webhook?.stop();
    }
  });
  const running = (): WebhookProcess => {
    if (webhook === undefined) throw new Error("the webhook did not start");
    return webhook;
  };
  return {
    get plane() {
      return plane();
    },
    get webhook() {
      return running();
    },
    reviewsOf: (name) => plane().reviewsOf(name, running()),
  };
}

/** A webhook over a folder of its own, which starts as examples/images and what `prepare` adds. */
export function withImagesFolder(
  plane: () => ControlPlane,
  flags: readonly string[] = [],
  prepare?: (folder: string) => Promise<void>,
): () => string {
  let images = "";
  let webhook: WebhookProcess | undefined;
  beforeAll(async () => {
    images = await mkdtemp(join(plane().directory, "images-"));
    await cp(EXAMPLE_IMAGES, images, { recursive: true });
    await prepare?.(images);
    webhook = await WebhookProcess.start({ images, certificate: plane().certificate, flags });
    await plane().pointAt(webhook);
  });
  afterAll(async () => {
    try {
      await plane().user.ok(["delete", "virtualmachines", "--all", "-n", NAMESPACE]);
    } finally {
      await webhook?.stop();
    }
  });
  return () => images;
}
