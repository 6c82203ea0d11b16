import { WRITE_MODES } from "../../../src/vm-operator/policy.ts";
import { describe, expect, test } from "vitest";
import { listAt } from "../../../src/common/json.ts";

import type { ControlPlane } from "../control-plane.ts";
import {
  bootOf,
  LIVE_ISO,
  machine,
  type Machine,
  type MachineSpec,
  newName,
  STORED,
  stored,
  UBUNTU,
} from "../machines.ts";
import { withWebhook } from "./webhook-context.ts";

const LIVE = { kind: LIVE_ISO.kind, name: "ubuntu-24.04-live" };

/** A spec with one CD-ROM, at the path of its version. */
function withCdrom(version: string, image: object, rest: MachineSpec = {}): MachineSpec {
  const cdrom = [{ name: "cdrom1", image }];
  const media = version < "v1alpha5" ? { cdrom } : { hardware: { cdrom } };
  return { guestID: "ubuntu64Guest", ...rest, ...media };
}

function cdromImages({ spec }: Machine): readonly unknown[] {
  const cdroms = [...listAt(spec, ["cdrom"]), ...listAt(spec, ["hardware", "cdrom"])];
  return cdroms.map((cdrom) => (cdrom as { image: unknown }).image);
}

/** Versions whose CD-ROMs are stored: CRDs without conversion lose what moved between versions. */
export function cdromTests(plane: () => ControlPlane, versions: readonly string[]): void {
  describe.each(WRITE_MODES)("a machine with CD-ROMs, with --write %s", (write) => {
    const context = withWebhook(plane, ["--write", write]);

    describe.each(versions)("in %s", (version) => {
      const resource = STORED.replace("v1alpha6", version);
      const read = (name: string): Promise<Machine> => stored(context.plane.user, name, resource);

      test("boots from a CD-ROM that names an ISO by its display name", async () => {
        const { user } = context.plane;
        const name = newName("iso");
        await user.ok(["apply", "-f", "-"], machine(name, withCdrom(version, LIVE), version));
        const made = await read(name);
        expect(cdromImages(made)).toEqual([LIVE_ISO]);
        expect(bootOf(made)).toMatchObject({
          imageName: LIVE_ISO.name,
          image: write === "imageName" ? undefined : LIVE_ISO,
        });
      });

      test.each([
        ["kubectl apply", ["apply", "-f", "-"]],
        ["server-side apply", ["apply", "--server-side", "--force-conflicts", "-f", "-"]],
      ])("can be applied again by %s beside an image", async (_, apply) => {
        const { user } = context.plane;
        const name = newName("both");
        const manifest = machine(name, withCdrom(version, LIVE, { imageName: "ubuntu-24.04" }), version);
        await user.ok(apply, manifest);
        const made = await read(name);
        expect(cdromImages(made)).toEqual([LIVE_ISO]);
        expect(bootOf(made).imageName).toBe(write === "image" ? "ubuntu-24.04" : UBUNTU.name);
        await user.ok(apply, manifest);
        const again = await read(name);
        context.plane.expectNothingWritten(made, again, { rewritten: true });
        await user.ok(["replace", "-f", "-"], { ...again, metadata: { ...again.metadata, labels: { edited: "yes" } } });
        expect((await read(name)).spec).toEqual(made.spec);
        await user.ok(["replace", "-f", "-"], manifest);
        expect((await read(name)).spec).toEqual(made.spec);
      });
    });
  });

  describe("a machine with CD-ROMs", () => {
    const context = withWebhook(plane);
    const created = async (rest: MachineSpec): Promise<Machine> => {
      const name = newName("cdrom");
      await context.plane.user.ok(
        ["create", "-f", "-"],
        machine(name, withCdrom("v1alpha6", LIVE, { imageName: "ubuntu-24.04", ...rest })),
      );
      return stored(context.plane.user, name);
    };

    test("cannot lose them while it is powered on, and may disconnect them", async () => {
      const { user } = context.plane;
      const { metadata, spec } = await created({ powerState: "PoweredOn" });
      const without = machine(metadata.name, { ...spec, hardware: { cdrom: [] } });
      expect(await user.refused(["replace", "-f", "-"], without)).toContain(
        "cannot be removed while the VM is powered on",
      );
      const cdrom = [{ name: "cdrom1", image: LIVE_ISO, connected: false }];
      await user.ok(["replace", "-f", "-"], machine(metadata.name, { ...spec, hardware: { cdrom } }));
    });

    test("can get another one by its display name while it is powered off", async () => {
      const { user } = context.plane;
      const { metadata, spec } = await created({ powerState: "PoweredOff" });
      const cdrom = [{ name: "cdrom2", image: LIVE }];
      await user.ok(["replace", "-f", "-"], machine(metadata.name, { ...spec, hardware: { cdrom } }));
      expect(cdromImages(await stored(user, metadata.name))).toEqual([LIVE_ISO]);
    });

    test("is refused with every wrong field", async () => {
      const { user } = context.plane;
      const name = newName("wrong");
      const image = { kind: "VirtualMachineImage", name: "ubuntu-24.04" };
      const cdrom = ["cdrom1", "cdrom2"].map((each) => ({ name: each, image }));
      const spec = { imageName: "ubuntu-24.04", guestID: "ubuntu64Guest", hardware: { cdrom } };
      const printed = await user.refused(["create", "-f", "-"], machine(name, spec));
      expect(printed).toContain("spec.hardware.cdrom[0].image.name: Invalid value");
      expect(printed).toContain("the image is of type OVF");
      expect(printed).toContain("spec.hardware.cdrom[1].image.name: Duplicate value");
    });

    test.each([
      { title: "a list that is an object", cdrom: {} },
      { title: "an entry without an image", cdrom: [{ name: "cdrom1" }] },
      { title: "a kind that is a number", cdrom: [{ name: "cdrom1", image: { kind: 7, name: "x" } }] },
    ])("with $title is refused, and the call does not fail", async ({ cdrom }) => {
      const { user } = context.plane;
      const spec = { imageName: "ubuntu-24.04", guestID: "ubuntu64Guest", hardware: { cdrom } };
      const printed = await user.refused(
        ["create", "--validate=false", "-f", "-"],
        machine(newName("malformed"), spec),
      );
      expect(printed).toContain("cdrom");
      expect(printed).not.toContain("failed calling webhook");
    });
  });
}
