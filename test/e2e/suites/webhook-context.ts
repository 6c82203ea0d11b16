import { cp, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type ControlPlane, NAMESPACE, OWNED } from "../control-plane.ts";
import { type LogLine, WebhookProcess } from "../webhook.ts";

export const EXAMPLE_IMAGES = fileURLToPath(new URL("../../../examples/images/", import.meta.url));
export const EXAMPLE_MACHINES = fileURLToPath(new URL("../../../examples/vms/", import.meta.url));

/** A control plane and a running webhook; readable once the hooks have run. */
export interface WebhookContext {
  readonly plane: ControlPlane;
  readonly webhook: WebhookProcess;
  /** See ControlPlane.reviewsOf. */
  readonly reviewsOf: (name: string) => Promise<readonly LogLine[]>;
}

/** Runs a webhook with these flags for the tests of the surrounding `describe`, and deletes their objects. */
export function withWebhook(plane: () => ControlPlane, flags: readonly string[] = []): WebhookContext {
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

/** Runs a webhook over a folder of its own: a copy of examples/images, changed by `prepare`. Returns the folder. */
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
      await plane().user.ok(["delete", OWNED.join(), "--all", "-n", NAMESPACE]);
    } finally {
      await webhook?.stop();
    }
  });
  return () => images;
}
