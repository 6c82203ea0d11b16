import { describe, expect, test } from "vitest";
import { type ControlPlane, NAMESPACE } from "../control-plane.ts";
import { bootOf, machine, type Machine, newName, STORED, stored, UBUNTU } from "../machines.ts";
import { withWebhook } from "./webhook-context.ts";

const VERSIONS = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"];
/** Versions without spec.image. */
const WITHOUT_IMAGE = ["v1alpha1", "v1alpha2"];

export function updateTests(plane: () => ControlPlane): void {
  describe("a machine in each version", () => {
    const context = withWebhook(plane);

    test.each(VERSIONS)("%s: a display name is pinned, and every version reads the pinned name", async (version) => {
      const { user } = context.plane;
      const name = newName("version");
      await user.ok(["create", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }, version));
      const image = WITHOUT_IMAGE.includes(version) ? undefined : UBUNTU;
      const pinned = { "spec.imageName": { requested: "ubuntu-24.04", resolved: UBUNTU.name } };
      for (const other of VERSIONS) {
        const read = await stored(user, name, `virtualmachines.${other}.vmoperator.vmware.com`);
        const shown = WITHOUT_IMAGE.includes(other) ? read.spec?.image : image;
        expect(bootOf(read), other).toEqual({ imageName: UBUNTU.name, image: shown, pinned });
      }
    });

    test("spec.image gets a missing kind before the API server requires it", async () => {
      const { user } = context.plane;
      const { spec, ...rest } = machine(newName("kindless"), {});
      await user.ok(["create", "-f", "-"], { ...rest, spec: { ...spec, image: { name: "ubuntu-24.04" } } });
      expect(bootOf(await stored(user, rest.metadata.name)).image).toEqual(UBUNTU);
    });

    test.each(VERSIONS)("%s: the manifest can be applied in the newest version afterwards", async (version) => {
      const { user } = context.plane;
      const name = newName("upgraded");
      await user.ok(["apply", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }, version));
      const before = bootOf(await stored(user, name));
      await user.ok(["apply", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      expect(bootOf(await stored(user, name))).toEqual(before);
    });
  });

  describe("an update", () => {
    const context = withWebhook(plane);
    const created = async (about: string): Promise<Machine> => {
      const name = newName(about);
      await context.plane.user.ok(["create", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      return stored(context.plane.user, name);
    };

    test("that leaves the image out gets the stored one restored", async () => {
      const { user } = context.plane;
      const before = await created("left-out");
      await user.ok(["replace", "-f", "-"], machine(before.metadata.name, {}));
      const { imageName, image } = bootOf(await stored(user, before.metadata.name));
      expect({ imageName, image }).toEqual({ imageName: UBUNTU.name, image: UBUNTU });
    });

    test.each(["imageName", "image"])("that removes spec.%s changes nothing", async (field) => {
      const { user } = context.plane;
      const before = await created("taken-away");
      const patch = JSON.stringify([{ op: "remove", path: `/spec/${field}` }]);
      await user.ok(["patch", STORED, before.metadata.name, "-n", NAMESPACE, "--type=json", "-p", patch]);
      expect((await stored(user, before.metadata.name)).spec).toEqual(before.spec);
    });

    test("that names the stored image in another way changes nothing", async () => {
      const { user } = context.plane;
      const before = await created("spelled");
      for (const imageName of ["ubuntu-24.04", "cl-linux/ubuntu-24.04", `cl-linux/${UBUNTU.name}`, UBUNTU.name]) {
        const patch = JSON.stringify({ spec: { imageName } });
        await user.ok(["patch", STORED, before.metadata.name, "-n", NAMESPACE, "--type=merge", "-p", patch]);
        expect((await stored(user, before.metadata.name)).spec, imageName).toEqual(before.spec);
      }
    });

    test("by the admin cannot change the image", async () => {
      const { admin } = context.plane;
      const { metadata } = await created("admin");
      const patch = JSON.stringify({ spec: { imageName: "rocky-9.5" } });
      const args = ["patch", STORED, metadata.name, "-n", NAMESPACE, "--type=merge", "-p", patch];
      expect(await admin.refused(args)).toContain("a VM keeps the image that it was created with");
    });

    test("can unset the image of a machine that failed over, by the admin only", async () => {
      const { admin, user } = context.plane;
      const { metadata } = await created("failed-over");
      const imageless = withAnnotation(machine(metadata.name, {}), "vmoperator.vmware.com/failed-over-vm");
      await user.ok(["replace", "-f", "-"], imageless);
      expect(bootOf(await stored(user, metadata.name)).image).toEqual(UBUNTU);
      await admin.ok(["replace", "-f", "-"], imageless);
      expect(bootOf(await stored(user, metadata.name))).toEqual({
        imageName: undefined,
        image: undefined,
        pinned: undefined,
      });
    });

    test("of the status makes no call", async () => {
      const { user } = context.plane;
      const { metadata } = await created("status");
      const patch = JSON.stringify({ status: { biosUUID: "4210-0001" } });
      await user.ok([
        ...["patch", STORED, metadata.name, "-n", NAMESPACE, "--subresource=status"],
        ...["--type=merge", "-p", patch],
      ]);
      expect(operations(await context.reviewsOf(metadata.name))).toEqual(["CREATE mutate", "CREATE validate"]);
    });
  });
}

function withAnnotation(machine: Machine, annotation: string): Machine {
  return { ...machine, metadata: { ...machine.metadata, annotations: { [annotation]: "true" } } };
}

function operations(reviews: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return reviews.map(({ operation, endpoint }) => `${String(operation)} ${String(endpoint)}`);
}
