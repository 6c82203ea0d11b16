import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, NAMESPACE } from "../control-plane.ts";
import { eventually } from "../eventually.ts";
import { bootOf, machine, type Machine, newName, stored, UBUNTU } from "../machines.ts";
import { withImagesFolder } from "./webhook-context.ts";

/** Later changes of images neither block the machines that use them, nor make kubectl re-create one. */
export function imagesChangeTests(plane: () => ControlPlane): void {
  describe("after an image is deleted", () => {
    const original = machine(newName("outlives"), { imageName: "ubuntu-24.04" });
    const { name } = original.metadata;
    const folder = withImagesFolder(plane);
    beforeAll(async () => {
      await plane().user.ok(["apply", "-f", "-"], original);
      await removeImage(join(folder(), "dev.yaml"), UBUNTU.name);
      await untilRefused(plane(), "ubuntu-24.04");
    });

    test("no new machine can use it", async () => {
      const sent = machine(newName("too-late"), { imageName: "ubuntu-24.04" });
      expect(await plane().user.refused(["create", "-f", "-"], sent)).toContain(
        'spec.imageName: Not found: "ubuntu-24.04": no image in namespace "dev" or the cluster has this display name',
      );
    });

    test("the original manifest can be applied again, and changes nothing", async () => {
      const { user } = plane();
      const before = await stored(user, name);
      await user.ok(["apply", "-f", "-"], original);
      plane().expectNothingWritten(before, await stored(user, name), { rewritten: true });
    });

    test("the original manifest can replace the machine", async () => {
      const { user } = plane();
      const before = await stored(user, name);
      await user.ok(["replace", "-f", "-"], original);
      expect((await stored(user, name)).spec).toEqual(before.spec);
    });

    test("the machine can be labelled", async () => {
      const { user } = plane();
      await user.ok(["label", "vm", name, "-n", NAMESPACE, "tier=web"]);
      expect((await stored(user, name)).metadata.labels).toEqual({ tier: "web" });
    });
  });

  describe.each(["both", "image"])("after a display name became ambiguous, with --write %s", (mode) => {
    const versions = ["v1alpha1", "v1alpha6"];
    const originals = versions.map((version) => machine(newName("first"), { imageName: "later" }, version));
    const folder = withImagesFolder(plane, ["--write", mode]);
    beforeAll(async () => {
      await addImage(folder(), FIRST);
      await eventually("the webhook knows the image", async () => (await dryCreate(plane(), "later")) === 0);
      for (const original of originals) await plane().user.ok(["apply", "-f", "-"], original);
      await addImage(folder(), "vmi-22222222222222222");
      await untilRefused(plane(), "later");
    });
    const ofVersion = (version: string): Machine => originals[versions.indexOf(version)] ?? machine("none", {});

    test.each(versions)("%s: the original manifest can be applied again, and changes nothing", async (version) => {
      const { user } = plane();
      const original = ofVersion(version);
      const before = await stored(user, original.metadata.name);
      await user.ok(["apply", "-f", "-"], original);
      const after = await stored(user, original.metadata.name);
      plane().expectNothingWritten(before, after, { rewritten: mode === "both" });
    });

    test.each(versions)(
      "%s: the VMI ID of the stored image with --force does not re-create the machine",
      async (version) => {
        const { user } = plane();
        const original = ofVersion(version);
        const before = await stored(user, original.metadata.name);
        const byId = { ...original, spec: { ...original.spec, imageName: FIRST } };
        await user.run(["apply", "--force", "-f", "-"], byId);
        const after = await stored(user, original.metadata.name);
        expect(after.metadata.uid).toBe(before.metadata.uid);
        expect(bootOf(after)).toEqual(bootOf(before));
      },
    );
  });
}

const FIRST = "vmi-11111111111111111";

/** The exit code of kubectl. */
async function dryCreate({ user }: ControlPlane, imageName: string): Promise<number> {
  const sent = machine(newName("looking"), { imageName });
  return (await user.run(["create", "--dry-run=server", "-f", "-"], sent)).code;
}

async function untilRefused(plane: ControlPlane, imageName: string): Promise<void> {
  await eventually("the webhook refuses the name", async () => (await dryCreate(plane, imageName)) !== 0);
}

/** An image with the display name `later`. */
async function addImage(folder: string, name: string): Promise<void> {
  const image = {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachineImage",
    metadata: { name, namespace: NAMESPACE },
    status: { name: "later", type: "OVF", conditions: [{ type: "Ready", status: "True" }] },
  };
  await writeFile(join(folder, `${name}.json`), JSON.stringify(image));
}

const DOCUMENT = /^---$/m;

async function removeImage(file: string, image: string): Promise<void> {
  const documents = (await readFile(file, "utf8")).split(DOCUMENT);
  const others = documents.filter((document) => !document.includes(image));
  expect(others).toHaveLength(documents.length - 1);
  await writeFile(file, others.join("---"));
}
