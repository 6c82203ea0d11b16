import { beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, NAMESPACE } from "../control-plane.ts";
import { bootOf, DEBIAN, machine, type Machine, newName, PHOTON_OF_CL_LINUX, STORED, stored } from "../machines.ts";
import { withWebhook } from "./webhook-context.ts";

const FINALIZER = "vm-image-webhook.dev/e2e";

/** Which requests call the webhook, and what still works without an answer. */
export function callTests(plane: () => ControlPlane): void {
  describe("the API server calls the webhook", () => {
    const context = withWebhook(plane);
    /** The calls for this machine. */
    const asked = async (name: string): Promise<readonly string[]> =>
      (await context.reviewsOf(name)).map(({ operation, endpoint, decision }) =>
        [operation, endpoint, decision].map(String).join(" "),
      );

    test("at both endpoints when a machine is created, and never when only a label changes", async () => {
      const { user } = context.plane;
      const name = newName("labelled");
      await user.ok(["create", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      await user.ok(["label", "vm", name, "-n", NAMESPACE, "tier=web"]);
      expect((await stored(user, name)).metadata.labels).toEqual({ tier: "web" });
      expect(await asked(name)).toEqual(["CREATE mutate patched", "CREATE validate allowed"]);
    });

    test("only to mutate when the original manifest is applied again, because the result equals the stored object", async () => {
      const { user } = context.plane;
      const original = machine(newName("again"), { imageName: "ubuntu-24.04" });
      await user.ok(["apply", "--server-side", "-f", "-"], original);
      await user.ok(["apply", "--server-side", "-f", "-"], original);
      expect(await asked(original.metadata.name)).toEqual([
        "CREATE mutate patched",
        "CREATE validate allowed",
        "UPDATE mutate patched",
      ]);
    });

    test("in a dry run, too", async () => {
      const { user } = context.plane;
      const name = newName("dry");
      await user.ok(["create", "--dry-run=server", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      expect(await asked(name)).toEqual(["CREATE mutate patched", "CREATE validate allowed"]);
    });

    test("never when a machine is deleted, with a finalizer or without", async () => {
      const { user } = context.plane;
      const name = newName("finalized");
      const original = machine(name, { imageName: "ubuntu-24.04" });
      await user.ok(["create", "-f", "-"], withFinalizer(original));
      await deleteWithFinalizer(context.plane, name);
      expect(await asked(name)).toEqual(["CREATE mutate patched", "CREATE validate allowed"]);
    });
  });

  describe("a webhook that is registered for reviews of v1beta1 only", () => {
    const context = withWebhook(plane);
    beforeAll(() => context.plane.pointAt(context.webhook, { admissionReviewVersions: ["v1beta1"] }));

    test("pins a name, warns and refuses", async () => {
      const { user } = context.plane;
      const name = newName("beta");
      const warned = await user.run(["create", "-f", "-"], machine(name, { imageName: "debian-13" }));
      expect(warned.code).toBe(0);
      expect(warned.stderr).toMatch(/^Warning: spec\.imageName: .* is not ready \(.*; the VM waits until it is\n$/);
      expect(bootOf(await stored(user, name)).image).toEqual(DEBIAN);
      const refused = await user.refused(["create", "-f", "-"], machine(newName("beta"), { imageName: "photon-5" }));
      expect(refused).toContain('spec.imageName: Invalid value: "photon-5": ambiguous: ');
    });
  });

  describe("a machine that was created without the webhook", () => {
    const name = newName("specless");
    const ambiguous = machine(newName("ambiguous"), { imageName: "photon-5" });
    beforeAll(async () => {
      await plane().withoutWebhook();
      const { apiVersion, kind, metadata } = machine(name, {});
      await plane().admin.ok(["create", "--validate=false", "-f", "-"], { apiVersion, kind, metadata });
      await plane().user.ok(["apply", "-f", "-"], ambiguous);
    });
    const context = withWebhook(plane);

    test("can be applied again, although its name would be refused now", async () => {
      const { user } = context.plane;
      const before = await stored(user, ambiguous.metadata.name);
      await user.ok(["apply", "-f", "-"], ambiguous);
      expect(await stored(user, ambiguous.metadata.name)).toEqual(before);
    });

    test("is not re-created by kubectl apply --force where its stored name is ambiguous", async () => {
      const { user } = context.plane;
      const before = await stored(user, ambiguous.metadata.name);
      const byId = { ...ambiguous, spec: { ...ambiguous.spec, imageName: PHOTON_OF_CL_LINUX.name } };
      await user.refused(["apply", "--force", "-f", "-"], byId);
      expect((await stored(user, ambiguous.metadata.name)).metadata.uid).toBe(before.metadata.uid);
    });

    test("can be labelled, finalized and deleted where it has no spec", async () => {
      const { user } = context.plane;
      await user.ok(["label", "vm", name, "-n", NAMESPACE, "tier=web"]);
      await finalizers(context.plane, name, [FINALIZER]);
      expect(await stored(user, name)).toMatchObject({
        metadata: { labels: { tier: "web" }, finalizers: [FINALIZER] },
      });
      await deleteWithFinalizer(context.plane, name);
      expect(await context.reviewsOf(name)).toEqual([]);
    });
  });

  describe("while the webhook is stopped", () => {
    const context = withWebhook(plane);
    const name = newName("left-alone");
    beforeAll(async () => {
      await context.plane.user.ok(["create", "-f", "-"], withFinalizer(machine(name, { imageName: "ubuntu-24.04" })));
      expect(await context.webhook.stop()).toBe(0);
    });

    test("no machine can be created (failurePolicy Fail)", async () => {
      const { user } = context.plane;
      const printed = await user.refused(["create", "-f", "-"], machine(newName("new"), { imageName: "ubuntu-24.04" }));
      expect(printed).toContain('failed calling webhook "mutate.vm-image-webhook.dev"');
    });

    test("no reference can be changed", async () => {
      const patch = JSON.stringify({ spec: { imageName: "debian-13" } });
      const args = ["patch", STORED, name, "-n", NAMESPACE, "--type=merge", "-p", patch];
      expect(await context.plane.user.refused(args)).toContain('failed calling webhook "mutate.vm-image-webhook.dev"');
    });

    test("machines can still be labelled, finalized and deleted", async () => {
      const { user } = context.plane;
      await user.ok(["label", "vm", name, "-n", NAMESPACE, "tier=web"]);
      expect((await stored(user, name)).metadata.labels).toEqual({ tier: "web" });
      await deleteWithFinalizer(context.plane, name);
    });
  });
}

function withFinalizer(machine: Machine): Machine {
  return { ...machine, metadata: { ...machine.metadata, finalizers: [FINALIZER] } };
}

/** Deletes a machine that has the finalizer: it stays until that is taken away. */
async function deleteWithFinalizer(plane: ControlPlane, name: string): Promise<void> {
  await plane.user.ok(["delete", "vm", name, "-n", NAMESPACE, "--wait=false"]);
  expect((await stored(plane.user, name)).metadata).toHaveProperty("deletionTimestamp");
  await finalizers(plane, name, []);
  expect(await plane.user.refused(["get", "vm", name, "-n", NAMESPACE])).toContain("(NotFound)");
}

async function finalizers({ user }: ControlPlane, name: string, names: readonly string[]): Promise<void> {
  const patch = JSON.stringify({ metadata: { finalizers: names } });
  await user.ok(["patch", STORED, name, "-n", NAMESPACE, "--type=merge", "-p", patch]);
}
