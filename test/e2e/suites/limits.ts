import { describe, expect, test } from "vitest";
import type { ControlPlane } from "../control-plane.ts";
import { LIVE_ISO, machine, newName } from "../machines.ts";
import { withWebhook } from "./bench.ts";

export function limitTests(plane: () => ControlPlane): void {
  describe("a machine with too much of something", () => {
    const bench = withWebhook(plane);

    test("CD-ROMs: is refused by the list, with the count and the limit", async () => {
      const cdrom = Array.from({ length: 300 }, (_, at) => ({ name: `cd${at}`, image: LIVE_ISO }));
      const manifest = machine(newName("many"), { guestID: "ubuntu64Guest", hardware: { cdrom } });
      const said = await bench.plane.user.refused(["create", "-f", "-"], manifest);
      expect(said).toContain("spec.hardware.cdrom: Too many: 300: a VM may have at most 256 CD-ROMs; leave 44 out");
    });
  });
}
