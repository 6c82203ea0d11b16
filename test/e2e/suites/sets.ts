import { WRITE_MODES } from "../../../src/vm-operator/policy.ts";
import { describe, expect, test } from "vitest";
import { at } from "../../../src/common/json.ts";

import { type ControlPlane, NAMESPACE } from "../control-plane.ts";
import { LIVE_ISO, machineSet, newName, ROCKY, UBUNTU } from "../machines.ts";
import { withWebhook } from "./webhook-context.ts";

const SETS = "virtualmachinereplicasets.v1alpha6.vmoperator.vmware.com";

export function setTests(plane: () => ControlPlane): void {
  describe.each(WRITE_MODES)("a ReplicaSet, with --write %s", (write) => {
    const context = withWebhook(plane, ["--write", write]);
    const template = async (name: string): Promise<unknown> =>
      at(await context.plane.user.json(["get", SETS, name, "-n", NAMESPACE]), ["spec", "template", "spec"]);
    const wanted = (image: { readonly name: string }, written: string): object => ({
      imageName: write === "image" ? written : image.name,
      ...(write === "imageName" ? {} : { image }),
    });

    test.each(["v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"])("%s: its template is pinned", async (version) => {
      const name = newName("set");
      await context.plane.user.ok(["create", "-f", "-"], machineSet(name, { imageName: "ubuntu-24.04" }, version));
      expect(await template(name)).toMatchObject(wanted(UBUNTU, "ubuntu-24.04"));
    });

    test.each([
      ["kubectl apply", ["apply", "-f", "-"]],
      ["server-side apply", ["apply", "--server-side", "-f", "-"]],
    ])("its manifest can be applied again, and changed to another image, by %s", async (_, apply) => {
      const { user } = context.plane;
      const name = newName("set");
      await user.ok(apply, machineSet(name, { imageName: "ubuntu-24.04" }));
      const before = await template(name);
      await user.ok(apply, machineSet(name, { imageName: "ubuntu-24.04" }));
      expect(await template(name)).toEqual(before);
      await user.ok(apply, machineSet(name, { imageName: "rocky-9.5" }));
      expect(await template(name)).toMatchObject(wanted(ROCKY, "rocky-9.5"));
      await user.ok(["replace", "-f", "-"], machineSet(name, { imageName: "rocky-9.5" }));
      expect(await template(name)).toMatchObject(wanted(ROCKY, "rocky-9.5"));
    });

    test("its template may boot from a CD-ROM", async () => {
      const { user } = context.plane;
      const name = newName("set");
      const cdrom = [{ name: "cdrom1", image: { kind: LIVE_ISO.kind, name: "ubuntu-24.04-live" } }];
      const manifest = machineSet(name, { guestID: "ubuntu64Guest", hardware: { cdrom } });
      await user.ok(["apply", "-f", "-"], manifest);
      const made = await template(name);
      expect(made).toMatchObject({ imageName: LIVE_ISO.name, hardware: { cdrom: [{ image: LIVE_ISO }] } });
      await user.ok(["replace", "-f", "-"], manifest);
      expect(await template(name)).toEqual(made);
    });
  });

  describe("a ReplicaSet", () => {
    const context = withWebhook(plane);

    test("is refused at the field of its template, for the admin, too", async () => {
      const { user, admin } = context.plane;
      const printed = await user.refused(
        ["create", "-f", "-"],
        machineSet(newName("set"), { imageName: "ubuntu-2404" }),
      );
      expect(printed).toContain('spec.template.spec.imageName: Not found: "ubuntu-2404"');
      const nothing = await admin.refused(["create", "-f", "-"], machineSet(newName("set"), {}));
      expect(nothing).toContain("spec.template.spec.imageName: Required value");
    });

    test("is scaled, labelled and deleted without a call", async () => {
      const { user } = context.plane;
      const name = newName("set");
      await user.ok(["create", "-f", "-"], machineSet(name, { imageName: "ubuntu-24.04" }));
      const calls = await context.reviewsOf(name);
      await user.ok(["patch", SETS, name, "-n", NAMESPACE, "--type=merge", "-p", '{"spec":{"replicas":5}}']);
      await user.ok(["label", SETS, name, "-n", NAMESPACE, "a=b"]);
      await user.ok(["delete", SETS, name, "-n", NAMESPACE]);
      expect(await context.reviewsOf(name)).toEqual(calls);
    });
  });

  describe("a publish request", () => {
    const context = withWebhook(plane);
    const publish = (name: string, version: string): object => ({
      apiVersion: `vmoperator.vmware.com/${version}`,
      kind: "VirtualMachinePublishRequest",
      metadata: { name: newName("publish"), namespace: NAMESPACE },
      spec: { source: { name: "web" }, target: { item: { name }, location: { name: "cl-team" } } },
    });

    test.each(["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"])(
      "%s: with a display name in use is admitted with a warning",
      async (version) => {
        const { user } = context.plane;
        const warned = await user.run(["create", "-f", "-"], publish("ubuntu-24.04", version));
        expect(warned.code).toBe(0);
        expect(warned.stderr).toMatch(/^Warning: spec\.target\.item\.name: "ubuntu-24\.04": image vmi-/m);
        const unwarned = await user.run(["create", "-f", "-"], publish(newName("new"), version));
        expect(unwarned.code).toBe(0);
        expect(unwarned.stderr).not.toContain("spec.target");
      },
    );

    test.each(["v1alpha5", "v1alpha6"])("%s: of a group warns of each display name in use", async (version) => {
      const { user } = context.plane;
      const group = (name: string, spec: object): object => ({
        apiVersion: `vmoperator.vmware.com/${version}`,
        kind: "VirtualMachineGroupPublishRequest",
        metadata: { name, namespace: NAMESPACE },
        spec: { source: "web", target: "cl-team", ttlSecondsAfterFinished: 60, ...spec },
      });
      // The name of the request and the second machine make the display name ubuntu-24.04.
      const colliding = group("ubuntu", { virtualMachines: ["new", "24.04"] });
      const warned = await user.run(["create", "--dry-run=server", "-f", "-"], colliding);
      expect(warned.code).toBe(0);
      expect(warned.stderr.match(/^Warning: .*/gm)).toEqual([
        expect.stringMatching(/^Warning: spec\.virtualMachines\[1\]: "ubuntu-24\.04": image vmi-/),
      ]);
      const unwarned = await user.run(["create", "-f", "-"], group(newName("ubuntu"), {}));
      expect(unwarned.code).toBe(0);
      expect(unwarned.stderr).toBe("");
    });

    test("of a group is checked with the name that the API server generates", async () => {
      const { user } = context.plane;
      const { code, stderr } = await user.run(["create", "-f", "-"], {
        apiVersion: "vmoperator.vmware.com/v1alpha6",
        kind: "VirtualMachineGroupPublishRequest",
        metadata: { generateName: "vmi-", namespace: NAMESPACE },
        spec: { virtualMachines: ["web"] },
      });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^Warning: spec\.virtualMachines\[0\]: "vmi-\w+-web": vm-operator reads a name/m);
    });

    test("is admitted while the webhook is stopped", async () => {
      const { user } = context.plane;
      await context.webhook.stop();
      expect((await user.run(["create", "-f", "-"], publish("ubuntu-24.04", "v1alpha6"))).code).toBe(0);
    });
  });
}
