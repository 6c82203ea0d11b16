import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, NAMESPACE } from "../control-plane.ts";
import { eventually } from "../eventually.ts";
import type { Printed } from "../kubectl.ts";
import { LIVE_ISO, machine, type MachineSpec, newName, stored } from "../machines.ts";
import { REFUSAL, RefusingWebhook } from "../refusing-webhook.ts";
import { withImagesFolder } from "./webhook-context.ts";

const FORCED = 50;
/** Concurrent kubectl processes. */
const AT_ONCE = 5;

const DRIVERS_ISO = { kind: "VirtualMachineImage", name: "vmi-33333333333333333" };
const BOOT = { imageName: "ubuntu-24.04", guestID: "ubuntu64Guest" };

const CASES: readonly {
  readonly check: string;
  readonly what: string;
  readonly storedSpec: MachineSpec;
  readonly sent: MachineSpec;
  /** Part of the refusal of this webhook. */
  readonly message: string;
}[] = [
  {
    check: "cdrom-powered-on",
    what: "another CD-ROM image for a machine that is powered on",
    storedSpec: { ...BOOT, ...withCdroms(LIVE_ISO), powerState: "PoweredOn" },
    sent: { ...BOOT, ...withCdroms(DRIVERS_ISO), powerState: "PoweredOn" },
    message: "spec.hardware.cdrom[0].image: Forbidden: ",
  },
  {
    check: "cdrom-duplicate",
    what: "two CD-ROMs with the same image",
    storedSpec: { ...BOOT, ...withCdroms(LIVE_ISO) },
    sent: { ...BOOT, ...withCdroms(LIVE_ISO, LIVE_ISO) },
    message: `spec.hardware.cdrom[1].image.name: Duplicate value: "${LIVE_ISO.name}"`,
  },
  {
    check: "cdrom-guest-id",
    what: "CD-ROMs without guestID",
    storedSpec: { imageName: BOOT.imageName },
    sent: { imageName: BOOT.imageName, ...withCdroms(LIVE_ISO) },
    message: "spec.guestID: Required value",
  },
];

function withCdroms(...images: readonly object[]): MachineSpec {
  return { hardware: { cdrom: images.map((image, index) => ({ name: `cdrom${index + 1}`, image })) } };
}

/**
 * `kubectl apply --force` re-creates a machine where the first refusal that the API server receives is 422 Invalid. The
 * API server calls all validating webhooks at the same time, so this webhook must refuse earlier, at `/mutate`.
 */
export function forcedTests(plane: () => ControlPlane): void {
  describe("beside a validating webhook that answers 422 at once", () => {
    withImagesFolder(plane, [], addDrivers);
    let other: RefusingWebhook | undefined;
    beforeAll(async () => {
      const { admin, certificate } = plane();
      other = await RefusingWebhook.start(certificate);
      await admin.ok(["apply", "-f", "-"], other.configuration);
      await untilCalled(plane());
    });
    afterAll(async () => {
      await plane().admin.ok(["delete", "validatingwebhookconfiguration", "refuses-updates", "--ignore-not-found"]);
      await other?.stop();
    });

    test.each(CASES)(
      `kubectl apply --force with $what keeps the machine, ${FORCED} times ($check)`,
      async ({ check, storedSpec, sent, message }) => {
        const { user } = plane();
        const name = newName(check);
        await user.ok(["apply", "-f", "-"], machine(name, storedSpec));
        const before = await stored(user, name);

        const printed = await repeated(() => user.run(["apply", "--force", "-f", "-"], machine(name, sent)));

        const others = printed.filter((one) => !isForbidden(one, message)).map(lastLine);
        const isRecreated = (await stored(user, name)).metadata.uid !== before.metadata.uid;
        expect({ isRecreated, others: [...new Set(others)] }).toEqual({ isRecreated: false, others: [] });
        expect(printed).toHaveLength(FORCED);
      },
      180_000,
    );
  });
}

/** Waits until the API server calls the other webhook, which refuses a change that makes no call of this one. */
async function untilCalled({ user }: ControlPlane): Promise<void> {
  const name = newName("asked");
  await user.ok(["create", "-f", "-"], machine(name, BOOT));
  await eventually("the API server calls the other webhook", async () => {
    const { stderr } = await user.run(["label", "vm", name, "-n", NAMESPACE, "--overwrite", `at=${Date.now()}`]);
    return stderr.includes(REFUSAL);
  });
}

async function repeated(apply: () => Promise<Printed>): Promise<readonly Printed[]> {
  const printed: Printed[] = [];
  const worker = async (): Promise<void> => {
    for (let count = 0; count < FORCED / AT_ONCE; count++) printed.push(await apply());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return printed;
}

function isForbidden({ code, stderr }: Printed, message: string): boolean {
  return code !== 0 && stderr.startsWith("Error from server (Forbidden): ") && stderr.includes(message);
}

function lastLine({ stdout, stderr }: Printed): string {
  return `${stdout}${stderr}`.trimEnd().split("\n").at(-1) ?? "";
}

/** A second ISO image. */
async function addDrivers(folder: string): Promise<void> {
  const image = {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: DRIVERS_ISO.kind,
    metadata: { name: DRIVERS_ISO.name, namespace: NAMESPACE },
    status: { name: "drivers", type: "ISO", conditions: [{ type: "Ready", status: "True" }] },
  };
  await writeFile(join(folder, "drivers.json"), JSON.stringify(image));
}
