import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTROL_PLANE_ASSETS, type ControlPlane, NAMESPACE, OTHER_NAMESPACE } from "../control-plane.ts";
import { run } from "../kubectl.ts";
import { LIVE_ISO, machine, type Machine, machineSet, newName, ROCKY, stored, UBUNTU } from "../machines.ts";
import { withWebhook } from "./webhook-context.ts";

const INSTALL_DOC = readFileSync(new URL("../../../docs/install.md", import.meta.url), "utf8");
const [, LIST_COMMAND = ""] =
  /^ *(kubectl get virtualmachines\.vmoperator\.vmware\.com,virtualmachinereplicasets\..*)$/m.exec(INSTALL_DOC) ?? [];

/** The steps of docs/install.md before the webhook is removed. */
export function pinnedTests(plane: () => ControlPlane): void {
  describe("the command of docs/install.md for pinned objects", () => {
    const context = withWebhook(plane);
    const cdrom = [{ name: "cdrom1", image: { kind: LIVE_ISO.kind, name: "ubuntu-24.04-live" } }];
    const [first, second, unlisted] = ["listed", "listed", "unlisted"].map(newName) as [string, string, string];
    const byId = { imageName: UBUNTU.name };
    const objects = [
      machine(first, { imageName: "ubuntu-24.04" }),
      machine(second, { ...byId, guestID: "ubuntu64Guest", hardware: { cdrom } }),
      inOther(machine(first, { imageName: "rocky-9.5" })),
      machineSet(first, { imageName: "ubuntu-24.04" }),
      machine(unlisted, byId),
      withAnnotation(machine(`${unlisted}-annotated`, byId)),
      machineSet(unlisted, byId),
    ];
    const expected = {
      [`VirtualMachine ${NAMESPACE}/${first}`]: pin("spec.imageName", "ubuntu-24.04", UBUNTU),
      [`VirtualMachine ${NAMESPACE}/${second}`]: pin(
        "spec.hardware.cdrom[cdrom1].image.name",
        "ubuntu-24.04-live",
        LIVE_ISO,
      ),
      [`VirtualMachine ${OTHER_NAMESPACE}/${first}`]: pin("spec.imageName", "rocky-9.5", ROCKY),
      [`VirtualMachineReplicaSet ${NAMESPACE}/${first}`]: pin("spec.template.spec.imageName", "ubuntu-24.04", UBUNTU),
    };
    beforeAll(async () => {
      for (const object of objects) await context.plane.user.ok(["apply", "-f", "-"], object);
    });
    afterAll(() => plane().user.ok(["delete", "virtualmachines", "--all", "-n", OTHER_NAMESPACE]));

    test("lists the annotated machines and ReplicaSets of all namespaces, and no others", async () => {
      expect(await listed(plane())).toEqual(expected);
    });
  });

  describe("after the webhook is removed", () => {
    describe("a machine that was stored with a VMI ID", () => {
      const manifest = machine(newName("by-name"), { imageName: "ubuntu-24.04" });
      const made = withoutWebhookAfter(plane, manifest, "both");

      test("would get the display name of its original manifest, and stays unchanged with the listed ID", async () => {
        const { user } = plane();
        const dry = await user.ok(
          ["apply", "--dry-run=server", "-o", "jsonpath={.spec.imageName}", "-f", "-"],
          manifest,
        );
        expect(dry).toBe("ubuntu-24.04");
        await user.ok(["apply", "-f", "-"], { ...manifest, spec: { ...manifest.spec, imageName: UBUNTU.name } });
        expect((await stored(user, manifest.metadata.name)).spec).toEqual(made().spec);
      });
    });

    describe("a machine that was stored with its display name, with --write image", () => {
      const manifest = machine(newName("as-written"), { imageName: "ubuntu-24.04" });
      const made = withoutWebhookAfter(plane, manifest, "image");

      test("stays when its manifest is applied again", async () => {
        const { user } = plane();
        await user.ok(["apply", "-f", "-"], manifest);
        expect((await stored(user, manifest.metadata.name)).spec).toEqual(made().spec);
      });
    });
  });
}

/** Applies the manifest with the webhook, and then removes the webhook; returns the stored machine. */
function withoutWebhookAfter(plane: () => ControlPlane, manifest: Machine, write: string): () => Machine {
  const context = withWebhook(plane, ["--write", write]);
  let made = manifest;
  beforeAll(async () => {
    await context.plane.user.ok(["apply", "-f", "-"], manifest);
    made = await stored(context.plane.user, manifest.metadata.name);
    await context.plane.withoutWebhook();
  });
  return () => made;
}

/** The output of the documented command, by a shell that finds only kubectl. */
async function listed({ directory, kubeconfig }: ControlPlane): Promise<object> {
  const env = { HOME: directory, KUBECONFIG: kubeconfig, PATH: CONTROL_PLANE_ASSETS ?? "" };
  const { code, stdout, stderr } = await run("/bin/sh", ["-c", LIST_COMMAND], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [, object = line, annotation = "null"] = /^(\S+ \S+) (.*)$/.exec(line) ?? [];
      return [object, JSON.parse(annotation) as unknown];
    }),
  );
}

function pin(field: string, requested: string, { name }: { readonly name: string }): object {
  return { [field]: { requested, resolved: name } };
}

function inOther(machine: Machine): Machine {
  return { ...machine, metadata: { ...machine.metadata, namespace: OTHER_NAMESPACE } };
}

function withAnnotation(machine: Machine): Machine {
  return { ...machine, metadata: { ...machine.metadata, annotations: { "example.com/pinned": "yes" } } };
}
