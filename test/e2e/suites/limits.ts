import { describe, expect, test } from "vitest";
import type { ControlPlane } from "../control-plane.ts";
import { LIVE_ISO, machine, newName, stored, UBUNTU } from "../machines.ts";
import { withWebhook } from "./webhook-context.ts";

export function limitTests(plane: () => ControlPlane): void {
  describe("a machine beyond a limit", () => {
    const context = withWebhook(plane);

    // These annotations fill the API server's limit, so that there is no room for the pinned one.
    test.each(["v1alpha6", "v1alpha1"])("of annotations is admitted without the pinned one, in %s", async (version) => {
      const { user } = context.plane;
      const name = newName("noted");
      const key = "example.com/notes";
      const annotations = { [key]: "x".repeat(256 * 1_024 - key.length) };
      const manifest = machine(name, { imageName: "ubuntu-24.04" }, version);
      const { code, stderr } = await user.run(["create", "-f", "-"], {
        ...manifest,
        metadata: { ...manifest.metadata, annotations },
      });
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^Warning: metadata\.annotations\[vm-image-webhook\.dev\/pinned\]: left out, because/m);
      const made = await stored(user, name);
      expect(made.metadata.annotations).toEqual(annotations);
      expect(made.spec?.imageName).toBe(UBUNTU.name);
    });

    test("of CD-ROMs is refused at the list, with the count and the limit", async () => {
      const cdrom = Array.from({ length: 300 }, (_, at) => ({ name: `cd${at}`, image: LIVE_ISO }));
      const manifest = machine(newName("many"), { guestID: "ubuntu64Guest", hardware: { cdrom } });
      const printed = await context.plane.user.refused(["create", "-f", "-"], manifest);
      expect(printed).toContain("spec.hardware.cdrom: Too many: 300: a VM may have at most 256 CD-ROMs; leave 44 out");
    });
  });
}
