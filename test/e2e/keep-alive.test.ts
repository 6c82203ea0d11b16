import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { idleSweep } from "../support/idle-sweep.ts";
import { EXAMPLE_IMAGES } from "./suites/webhook-context.ts";
import { makeCertificate, WebhookProcess } from "./webhook.ts";

/** Milliseconds: the longest idle time is 125 s. */
const LONG_TEST = 200_000;

test("a connection that was idle for 60 to 125 s still serves a call", { timeout: LONG_TEST }, async () => {
  const directory = await mkdtemp(join(tmpdir(), "vm-image-webhook-idle-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const certificate = await makeCertificate(join(directory, "certs"));
  const server = await WebhookProcess.start({ images: EXAMPLE_IMAGES, certificate });
  onTestFinished(async () => {
    await server.stop();
  });
  const swept = await idleSweep(server.port, certificate.ca, 1);
  expect(swept.filter(({ outcome }) => outcome !== 200)).toEqual([]);
});
