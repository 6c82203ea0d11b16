import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { etcdKeyOf, type ImageManifest, namespaceImage } from "../cluster-images.ts";
import { eventuallySees, IN_THE_END, LONG_TEST, staysSo } from "../cluster-patience.ts";
import { Proxy } from "../cluster-proxy.ts";
import { type ClusterWebhook, KINDS, notReady } from "../cluster-webhook.ts";
import type { LogLine } from "../webhook.ts";
import { nonEmpty } from "../control-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterBench, ROCKY, UBUNTU } from "./bench.ts";
import { nameOf } from "./central.ts";

/** Milliseconds without an API server: as long as it takes for a watch and some attempts to fail, unless asked for. */
const OUTAGE = Number(nonEmpty(process.env["E2E_OUTAGE_SECONDS"]) ?? "20") * 1_000;

/** kube-apiserver is killed, and everything it knew that etcd does not. */
export function outageTests(bench: ClusterBench): void {
  describe("an API server that is killed", () => {
    // Whatever a test did not come to.
    afterEach(() => bench.plane.api.up());

    test(
      "during a watch is watched again by the same process, which learns what it missed",
      { timeout: LONG_TEST },
      async () => {
        const { plane, webhook } = bench;
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
        for (const kind of KINDS) isOneLineAChange(await webhook.changesOf(kind));
      },
    );

    test(`and away for ${OUTAGE / 1_000} s is answered for by the index`, { timeout: LONG_TEST + OUTAGE }, async () => {
      const { plane, webhook } = bench;
      await webhook.becomes("live", undefined, IN_THE_END);
      await plane.api.kill();
      await webhook.becomes("stale");

      const looks = await staysSo("the index answers", () => problemOf(webhook), OUTAGE);

      expect(looks).toBeGreaterThan(1);
      // The live read: what is not in the index may have been created since the last news, so that is no refusal.
      const unknown = await webhook.mutate("no-such-image");
      expect(unknown.code).toBe(503);
      expect(unknown.retryAfter).toMatch(/^\d+$/);
      await plane.api.up();
      await webhook.becomes("live", undefined, IN_THE_END);
      await webhook.means("no-such-image", "refused");
      for (const kind of KINDS) isOneLineAChange(await webhook.changesOf(kind));
    });

    describe("while etcd moves on and forgets its history", () => {
      let proxy: Proxy | undefined;
      beforeAll(async () => {
        proxy = await Proxy.start(Number(new URL(bench.plane.api.url).port));
      });
      afterEach(() => proxy?.stop());

      test("makes the webhook list again: the watch is answered 410", { timeout: LONG_TEST }, async () => {
        const { plane } = bench;
        if (proxy === undefined) throw new Error("no proxy");
        await plane.grant("through-proxy", ["get", "list", "watch"]);
        const kubeconfig = await plane.userKubeconfig("through-proxy", proxy.url);
        const images = { deleted: namespaceImage(newName("old")), renamed: namespaceImage("was-called") };
        for (const image of Object.values(images)) await plane.createImage(image);
        const webhook = await bench.another({ kubeconfig });
        await webhook.becomes("live");
        await webhook.means("was-called", nameOf(images.renamed));
        const relists = await relistsOf(webhook);
        const earlier = await webhook.changesOf("VirtualMachineImage");

        // One failed watch, and a second attempt that waits: five failures would be a reason to list of their own.
        proxy.cut();
        await webhook.becomes("stale");
        await proxyHolds(proxy);
        await plane.api.kill();
        await changeBehindTheBack(bench, images);
        await plane.api.up();
        proxy.mend();

        await webhook.means("is-called", nameOf(images.renamed), IN_THE_END);
        await webhook.means("was-called", "refused");
        await webhook.means(nameOf(images.deleted), "refused");
        await webhook.becomes("live", undefined, IN_THE_END);
        expect(await relistsOf(webhook)).toBeGreaterThan(relists);
        const changes = await webhook.changesOf("VirtualMachineImage");
        expect(changes.slice(earlier.length).map(({ state }) => state)).toContain("resyncing");
        isOneLineAChange(changes);
      });
    });
  });
}

/** A known name is pinned and the webhook stays ready; undefined is well. */
async function problemOf(webhook: ClusterWebhook): Promise<string | undefined> {
  const [namespaced, cluster] = [await webhook.meaningOf("ubuntu-24.04"), await webhook.meaningOf("rocky-9.5")];
  if (namespaced !== nameOf(UBUNTU)) return `ubuntu-24.04 means ${namespaced}`;
  if (cluster !== nameOf(ROCKY)) return `rocky-9.5 means ${cluster}`;
  return notReady(await webhook.readiness());
}

/** Each line tells a change, and begins where the line before ended. */
function isOneLineAChange(changes: readonly LogLine[]): void {
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
    Promise.resolve(proxy.waiting > 0 ? undefined : "nobody connects"),
  );
}

/** No watch event will ever tell of this: only a list can. */
async function changeBehindTheBack(
  { plane: { etcd } }: ClusterBench,
  { deleted, renamed }: { readonly deleted: ImageManifest; readonly renamed: ImageManifest },
): Promise<void> {
  await etcd.remove(etcdKeyOf(deleted));
  const key = etcdKeyOf(renamed);
  await etcd.put({ key, value: (await etcd.get(key)).replace('"was-called"', '"is-called"') });
  await etcd.compact();
}
