import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { etcdKeyOf, type ImageManifest, namespaceImage } from "../cluster-images.ts";
import { eventuallySees, IN_THE_END, LONG_TEST, staysSo } from "../polling.ts";
import { Proxy } from "../cluster-proxy.ts";
import { type ClusterWebhook, KINDS, notReady } from "../cluster-webhook.ts";
import type { LogLine } from "../webhook.ts";
import { nonEmpty } from "../control-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterContext, ROCKY, UBUNTU } from "./cluster-context.ts";
import { nameOf } from "./images.ts";

/** Milliseconds without an API server. The default lets a watch and several attempts fail. */
const OUTAGE = Number(nonEmpty(process.env["E2E_OUTAGE_SECONDS"]) ?? "20") * 1_000;

/** Tests that kill kube-apiserver, which loses its watch cache. */
export function outageTests(context: ClusterContext): void {
  describe("an API server that is killed", () => {
    // In case a test failed before it started the API server again.
    afterEach(() => context.plane.api.up());

    test("is watched again by the same process, which gets the missed changes", { timeout: LONG_TEST }, async () => {
      const { plane, webhook } = context;
      await webhook.becomes("live", undefined, IN_THE_END);
      const before = webhook.pid;
      const earlier = await webhook.changesOf("VirtualMachineImage");
      const deleted = namespaceImage(newName("deleted"));
      await plane.createImage(deleted);
      await webhook.means(nameOf(deleted), nameOf(deleted));

      await plane.api.kill();
      await webhook.becomes("stale");
      await plane.api.up();
      const image = namespaceImage(newName("after"));
      await plane.createImage(image);
      await plane.deleteImage(deleted);

      await webhook.becomes("live", undefined, IN_THE_END);
      await webhook.means(nameOf(image), nameOf(image));
      await webhook.means(nameOf(deleted), "refused");
      expect(await plane.createMachine(nameOf(image))).toMatchObject({ status: 201, imageName: nameOf(image) });
      expect([webhook.pid, webhook.isAlive, webhook.crash]).toEqual([before, true, ""]);
      const changes = await webhook.changesOf("VirtualMachineImage");
      expect(changes[earlier.length]).toMatchObject({ state: "stale", was: "live" });
      for (const kind of KINDS) expectOneLineForEachChange(await webhook.changesOf(kind));
    });

    test(
      `and down for ${OUTAGE / 1_000} s leaves the index answering known names`,
      { timeout: LONG_TEST + OUTAGE },
      async () => {
        const { plane, webhook } = context;
        await webhook.becomes("live", undefined, IN_THE_END);
        await plane.api.kill();
        await webhook.becomes("stale");

        const polls = await staysSo("the index answers", () => problemOf(webhook), OUTAGE);

        expect(polls).toBeGreaterThan(1);
        // The live read fails, and the image may have been created since the last event, so this is no refusal.
        const unknown = await webhook.mutate("no-such-image");
        expect(unknown.code).toBe(503);
        expect(unknown.retryAfter).toMatch(/^\d+$/);
        await plane.api.up();
        await webhook.becomes("live", undefined, IN_THE_END);
        await webhook.means("no-such-image", "refused");
        for (const kind of KINDS) expectOneLineForEachChange(await webhook.changesOf(kind));
      },
    );

    describe("while etcd changes and is compacted", () => {
      let proxy: Proxy | undefined;
      beforeAll(async () => {
        proxy = await Proxy.start(Number(new URL(context.plane.api.url).port));
      });
      afterEach(() => proxy?.stop());

      test("makes the webhook list again, because the watch gets 410", { timeout: LONG_TEST }, async () => {
        const { plane } = context;
        if (proxy === undefined) throw new Error("no proxy");
        await plane.grant("through-proxy", ["get", "list", "watch"]);
        const kubeconfig = await plane.userKubeconfig("through-proxy", proxy.url);
        const images = { deleted: namespaceImage(newName("old")), renamed: namespaceImage("was-called") };
        for (const image of Object.values(images)) await plane.createImage(image);
        const webhook = await context.another({ kubeconfig });
        await webhook.becomes("live");
        await webhook.means("was-called", nameOf(images.renamed));
        const relists = await relistsOf(webhook);
        const earlier = await webhook.changesOf("VirtualMachineImage");

        // One failed watch, and a second attempt that waits: five failures alone would cause a list.
        proxy.cut();
        await webhook.becomes("stale");
        await proxyHolds(proxy);
        await plane.api.kill();
        await changeWithoutEvents(context, images);
        await plane.api.up();
        proxy.mend();

        await webhook.means("is-called", nameOf(images.renamed), IN_THE_END);
        await webhook.means("was-called", "refused");
        await webhook.means(nameOf(images.deleted), "refused");
        await webhook.becomes("live", undefined, IN_THE_END);
        expect(await relistsOf(webhook)).toBeGreaterThan(relists);
        const changes = await webhook.changesOf("VirtualMachineImage");
        expect(changes.slice(earlier.length).map(({ state }) => state)).toContain("resyncing");
        expectOneLineForEachChange(changes);
      });
    });
  });
}

/** Undefined where known names are pinned and the webhook is ready; otherwise a description. */
async function problemOf(webhook: ClusterWebhook): Promise<string | undefined> {
  const [namespaced, cluster] = [await webhook.meaningOf("ubuntu-24.04"), await webhook.meaningOf("rocky-9.5")];
  if (namespaced !== nameOf(UBUNTU)) return `ubuntu-24.04 means ${namespaced}`;
  if (cluster !== nameOf(ROCKY)) return `rocky-9.5 means ${cluster}`;
  return notReady(await webhook.readiness());
}

/** Expects that each line is a change, from the state of the line before. */
function expectOneLineForEachChange(changes: readonly LogLine[]): void {
  for (const [at, { kind, state, was }] of changes.entries()) {
    const line = `line ${at} of ${String(kind)}`;
    expect(state, line).not.toBe(was);
    if (at > 0) expect(was, line).toBe(changes[at - 1]?.["state"]);
  }
}

function relistsOf(webhook: ClusterWebhook): Promise<number> {
  return webhook.count("VirtualMachineImage", "relists");
}

function proxyHolds(proxy: Proxy): Promise<void> {
  return eventuallySees("the webhook connects again", async () =>
    Promise.resolve(proxy.waiting > 0 ? undefined : "no connection waits"),
  );
}

/** Makes changes that only a list shows, and no watch event. */
async function changeWithoutEvents(
  { plane: { etcd } }: ClusterContext,
  { deleted, renamed }: { readonly deleted: ImageManifest; readonly renamed: ImageManifest },
): Promise<void> {
  await etcd.remove(etcdKeyOf(deleted));
  const key = etcdKeyOf(renamed);
  await etcd.put({ key, value: (await etcd.get(key)).replace('"was-called"', '"is-called"') });
  await etcd.compact();
}
