import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ControlPlane, NAMESPACE, OTHER_NAMESPACE } from "../control-plane.ts";
import { bootOf, DEBIAN, LIVE_ISO, machine, type MachineSpec, newName, ROCKY, stored, UBUNTU } from "../machines.ts";
import { EXAMPLE_IMAGES, withWebhook } from "./webhook-context.ts";

/** The exact text that kubectl prints. */
export function refusalTests(plane: () => ControlPlane): void {
  describe("kubectl prints the refusal of a machine", () => {
    const context = withWebhook(plane);

    test.each(REFUSED)("for $why", async ({ spec, message }) => {
      const sent = machine(newName("refused"), spec);
      const printed = await context.plane.user.refused(["apply", "-f", "-"], sent);
      expect(printed).toBe(`The VirtualMachine "${sent.metadata.name}" is invalid: ${message}`);
    });

    test("with its generateName where it has no name yet", async () => {
      const sent = {
        ...machine("", { imageName: "photon-5" }),
        metadata: { generateName: "gen-", namespace: NAMESPACE },
      };
      expect(await context.plane.user.refused(["create", "-f", "-"], sent)).toMatch(
        /^The VirtualMachine "gen-" is invalid: spec\.imageName: Invalid value: "photon-5": ambiguous: /,
      );
    });

    test("as a list where there are several errors", async () => {
      const { user } = context.plane;
      const name = newName("several");
      await user.ok(["create", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      const other = machine(name, {
        imageName: "debian-13",
        image: { kind: "VirtualMachineImage", name: "debian-13" },
      });
      expect(await user.refused(["replace", "-f", "-"], other)).toBe(
        [
          `The VirtualMachine "${name}" is invalid: `,
          `* spec.imageName: Invalid value: "debian-13": ${KEEPS_ITS_NAME}`,
          `* spec.image.name: Invalid value: "debian-13": ${KEEPS_ITS_IMAGE}`,
        ].join("\n"),
      );
    });

    test("not for an image that is not ready, but a warning", async () => {
      const { user } = context.plane;
      const name = newName("warned");
      const { code, stderr } = await user.run(["create", "-f", "-"], machine(name, { imageName: "debian-13" }));
      expect(code).toBe(0);
      expect(stderr.trimEnd()).toBe(NOT_READY);
      expect(bootOf(await stored(user, name)).image).toEqual(DEBIAN);
    });

    test("together with a warning of /validate", async () => {
      const cdrom = [{ name: "cdrom1", image: LIVE_ISO }];
      const sent = machine(newName("both"), { imageName: "debian-13", hardware: { cdrom } });
      const printed = await context.plane.user.refused(["create", "-f", "-"], sent);
      expect(printed.split("\n")).toEqual([
        NOT_READY,
        `The VirtualMachine "${sent.metadata.name}" is invalid: spec.guestID: Required value: a VM with CD-ROMs needs ` +
          "the vSphere ID of its guest operating system, such as ubuntu64Guest",
      ]);
    });

    test("with the capability that an image lacks", async () => {
      const sent = machine(newName("lacks"), { imageName: "debian-13" });
      const annotations = { "vm-image-webhook.dev/required-capabilities": "nvidia-gpu" };
      const printed = await context.plane.user.refused(["create", "-f", "-"], {
        ...sent,
        metadata: { ...sent.metadata, annotations },
      });
      expect(printed).toBe(
        `The VirtualMachine "${sent.metadata.name}" is invalid: spec.imageName: Invalid value: "${DEBIAN.name}": ` +
          'debian-13: the image lacks "nvidia-gpu" of annotation vm-image-webhook.dev/required-capabilities ' +
          "(it has none); choose another image (kubectl get vmi,cvmi -n dev -l " +
          "capability.image.vmoperator.vmware.com/nvidia-gpu lists those that have all), or change the annotation",
      );
    });

    test("without images of another namespace", async () => {
      const sent = machine(newName("elsewhere"), { imageName: "ubuntu-24.04" });
      const printed = await context.plane.user.refused(["create", "-f", "-"], {
        ...sent,
        metadata: { ...sent.metadata, namespace: OTHER_NAMESPACE },
      });
      expect(printed).toBe(
        `The VirtualMachine "${sent.metadata.name}" is invalid: spec.imageName: Not found: "ubuntu-24.04": ` +
          'no image in namespace "other" or the cluster has this display name or object name; ' +
          'did you mean "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
      );
    });

    test("with a command that lists the images", async () => {
      const { admin, user } = context.plane;
      // Those of vm-operator: this cluster has no OSImages.
      for (const file of ["dev.yaml", "cluster.yaml"].map((name) => join(EXAMPLE_IMAGES, name))) {
        await admin.ok(["apply", "-f", file]);
        await admin.ok(["apply", "--server-side", "--subresource=status", "-f", file]);
      }
      const printed = await user.refused(["create", "-f", "-"], machine(newName("listed"), {}));
      const [, command = ""] = /\(kubectl (.*) lists them\)/.exec(printed) ?? [];
      const list = await user.ok(command.split(" "));
      for (const name of [UBUNTU.name, "ubuntu-24.04", ROCKY.name, "rocky-9.5"]) expect(list).toContain(name);
    });

    test("not for a machine without an image that the admin creates", async () => {
      const { admin, user } = context.plane;
      const name = newName("imported");
      await admin.ok(["create", "-f", "-"], machine(name, {}));
      expect(bootOf(await stored(user, name))).toEqual({ imageName: undefined, image: undefined, pinned: undefined });
    });

    test("for an unknown name that the admin uses", async () => {
      const { admin } = context.plane;
      const printed = await admin.refused(
        ["create", "-f", "-"],
        machine(newName("admin"), { imageName: "ubuntu-2404" }),
      );
      expect(printed).toContain('spec.imageName: Not found: "ubuntu-2404"');
    });
  });

  describe("the annotation skip-validation", () => {
    const context = withWebhook(plane);
    const unchecked = (): object => {
      const sent = machine(newName("unchecked"), { imageName: "ubuntu-2404" });
      const annotations = { "vmoperator.vmware.com.protected/skip-validation": "true" };
      return { ...sent, metadata: { ...sent.metadata, annotations } };
    };

    test("has no effect for an ordinary user", async () => {
      expect(await context.plane.user.refused(["create", "-f", "-"], unchecked())).toContain("Not found");
    });

    test("admits the machine of the admin unchanged", async () => {
      expect(await context.plane.admin.ok(["create", "-o", "jsonpath={.spec.imageName}", "-f", "-"], unchecked())).toBe(
        "ubuntu-2404",
      );
    });
  });

  describe("kubectl apply --force", () => {
    const context = withWebhook(plane);

    test.each([
      { what: "a typo", imageName: "ubuntu-2404" },
      { what: "an ambiguous name", imageName: "photon-5" },
      { what: "a VMI ID of no image", imageName: "vmi-00000000000000000" },
    ])("with $what does not re-create the machine", async ({ imageName }) => {
      const { user } = context.plane;
      const name = newName("kept");
      await user.ok(["apply", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      const before = await stored(user, name);

      const printed = await user.refused(["apply", "--force", "-f", "-"], machine(name, { imageName }));

      expect(printed).toMatch(/^Error from server \(Forbidden\): /);
      const keeps = KEEPS_ITS_NAME.replace(", or create another VM", "");
      expect(printed).toMatch(endOf(`spec.imageName: Invalid value: "${imageName}": ${keeps}`));
      expect(await stored(user, name)).toEqual(before);
    });

    test("re-creates the machine where the new name means exactly one other image, which is refused without --force", async () => {
      const { user } = context.plane;
      const name = newName("forced");
      await user.ok(["apply", "-f", "-"], machine(name, { imageName: "ubuntu-24.04" }));
      const before = await stored(user, name);
      const other = machine(name, { imageName: "debian-13" });

      expect(await user.refused(["apply", "-f", "-"], other)).toBe(
        `The VirtualMachine "${name}" is invalid: spec.imageName: Invalid value: "debian-13": ${KEEPS_ITS_NAME}`,
      );
      expect((await stored(user, name)).metadata.uid).toBe(before.metadata.uid);

      await user.ok(["apply", "--force", "-f", "-"], other);

      const after = await stored(user, name);
      expect(after.metadata.uid).not.toBe(before.metadata.uid);
      expect(bootOf(after).image).toEqual(DEBIAN);
    });
  });
}

const KEEPS_ITS_IMAGE =
  `a VM keeps the image that it was created with; put back "${UBUNTU.name}" or leave this field out, ` +
  "or create another VM";
/** The same at a field of which the annotation has the requested name. */
const KEEPS_ITS_NAME = KEEPS_ITS_IMAGE.replace(`"${UBUNTU.name}"`, `"ubuntu-24.04" ("${UBUNTU.name}")`);

const NOT_READY =
  `Warning: spec.imageName: "${DEBIAN.name}": debian-13: the image is not ready (VirtualMachineImageNotSynced: ` +
  "Failed to sync to the latest content version from provider); the VM waits until it is";

const REFUSED: readonly { readonly why: string; readonly spec: MachineSpec; readonly message: string }[] = [
  {
    why: "an ambiguous name",
    spec: { imageName: "photon-5" },
    message:
      'spec.imageName: Invalid value: "photon-5": ambiguous: 2 images in namespace "dev" have this display name: ' +
      "vmi-38cba0e73c6ba3792 (cl-linux), vmi-2173ee292a3fca160 (cl-team); use one of these IDs, or LIBRARY/NAME",
  },
  {
    why: "an unknown name",
    spec: { imageName: "ubuntu-2404" },
    message:
      'spec.imageName: Not found: "ubuntu-2404": no image in namespace "dev" or the cluster has this display name ' +
      `or object name; did you mean "ubuntu-24.04" (${UBUNTU.name})?`,
  },
  {
    why: "an unknown name that resembles no other",
    spec: { imageName: "solaris" },
    message:
      'spec.imageName: Not found: "solaris": no image in namespace "dev" or the cluster has this display name or ' +
      "object name; kubectl get vmi,cvmi -n dev lists what can be written",
  },
  {
    why: "an unsupported kind",
    spec: { image: { kind: "Image", name: "ubuntu-24.04" } },
    message:
      'spec.image.kind: Unsupported value: "Image": write "VirtualMachineImage"; supported values: "VirtualMachineImage", ' +
      '"ClusterVirtualMachineImage"',
  },
  {
    why: "a name of an image of the other kind",
    spec: { image: { kind: "ClusterVirtualMachineImage", name: "ubuntu-24.04" } },
    message:
      'spec.image.name: Not found: "ubuntu-24.04": no ClusterVirtualMachineImage has this display name or object ' +
      `name; did you mean "ubuntu-24.04" (${UBUNTU.name}) of kind VirtualMachineImage?`,
  },
  {
    why: "imageName and image of different images",
    spec: { imageName: "debian-13", image: { kind: "ClusterVirtualMachineImage", name: "rocky-9.5" } },
    message:
      'spec.imageName: Invalid value: "debian-13": spec.image names another image, "vmi-5cb0d0fbeb78ad7a5" ' +
      "(rocky-9.5); write that here or leave one of the two out",
  },
  {
    why: "nothing to boot from",
    spec: {},
    message:
      "spec.imageName: Required value: the VM has nothing to boot from; write the display name or VMI ID of an image " +
      "(kubectl get vmi,cvmi -n dev lists them)",
  },
];

function endOf(text: string): RegExp {
  return new RegExp(`${RegExp.escape(text)}$`);
}
