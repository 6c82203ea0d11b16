import { describe, expect, test } from "vitest";
import { clusterImage, type ImageManifest, namespaceImage } from "../cluster-images.ts";
import { LONG_TEST } from "../cluster-patience.ts";
import { TEAMS } from "../cluster-plane.ts";
import { KINDS, stateIn } from "../cluster-webhook.ts";
import { NAMESPACE } from "../control-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterBench, ROCKY, UBUNTU } from "./bench.ts";

/** How often in a row the watch and a creation race each other. */
const ROUNDS = 25;

/** What the images of a cluster are for; also with the real CRDs. */
export function centralTests(bench: ClusterBench): void {
  describe("a webhook that has started", () => {
    test("is ready and watches both kinds", async () => {
      await bench.webhook.becomes("live");
      const { code, text } = await bench.webhook.readiness();
      expect(code).toBe(200);
      expect(KINDS.map((kind) => stateIn(text, kind))).toEqual(["live", "live"]);
    });

    test.each([
      ["of a namespace", "ubuntu-24.04", UBUNTU],
      ["of the cluster", "rocky-9.5", ROCKY],
    ])("knows an image %s that was there before it", async (_, displayName, image) => {
      expect(await bench.plane.createMachine(displayName)).toMatchObject({
        status: 201,
        imageName: image.metadata.name,
      });
    });

    test("refuses a name that no image has", async () => {
      const { status, text } = await bench.plane.createMachine("no-such-image");
      expect(status).toBe(422);
      expect(text).toContain('Not found: \\"no-such-image\\"');
    });

    test("keeps a namespace from another's image", async () => {
      expect(await bench.plane.createMachine("ubuntu-24.04", "other")).toMatchObject({ status: 422 });
    });
  });

  // The live read on a miss decides these whenever a creation overtakes the watch; mostly the watch is first.
  describe("an image that was created a moment ago", () => {
    test.each([
      ["of a namespace", namespaceImage],
      ["of the cluster", clusterImage],
    ])("is never refused by its display name, %s", { timeout: LONG_TEST }, async (_, make) => {
      const { plane } = bench;
      for (let round = 0; round < ROUNDS; round++) {
        const displayName = newName("fresh");
        const image = make(displayName);
        await plane.createImage(image);
        const created = await plane.createMachine(displayName);
        expect(created, `round ${round}: ${created.text}`).toMatchObject({ status: 201, imageName: nameOf(image) });
      }
    });

    test("is never refused by its VMI ID", { timeout: LONG_TEST }, async () => {
      const { plane } = bench;
      for (let round = 0; round < ROUNDS; round++) {
        const image = namespaceImage(newName("fresh"));
        await plane.createImage(image);
        const created = await plane.createMachine(nameOf(image));
        expect(created, `round ${round}: ${created.text}`).toMatchObject({ status: 201, imageName: nameOf(image) });
      }
    });

    test("is never refused where several namespaces create at the same time", async () => {
      const { plane } = bench;
      const createAndUse = async (namespace: string): Promise<void> => {
        const displayName = newName("together");
        const image = namespaceImage(displayName, undefined, namespace);
        await plane.createImage(image);
        const created = await plane.createMachine(displayName, namespace);
        expect(created, created.text).toMatchObject({ status: 201, imageName: nameOf(image) });
      };
      await Promise.all([NAMESPACE, ...TEAMS].map(createAndUse));
    });
  });

  describe("an image that changes", () => {
    test("has its new display name, and the old one no more, once it is renamed", async () => {
      const { plane, webhook } = bench;
      const [before, after] = [newName("before"), newName("after")];
      const image = namespaceImage(before);
      await plane.createImage(image);
      await webhook.means(before, nameOf(image));

      await plane.renameImage(image, after);

      await webhook.means(after, nameOf(image));
      await webhook.means(before, "refused");
    });

    test.each([
      ["of a namespace", namespaceImage],
      ["of the cluster", clusterImage],
    ])("is gone once it is deleted, %s", async (_, make) => {
      const { plane, webhook } = bench;
      const displayName = newName("deleted");
      const image = make(displayName);
      await plane.createImage(image);
      await webhook.means(displayName, nameOf(image));

      await plane.deleteImage(image);

      await webhook.means(displayName, "refused");
      await webhook.means(nameOf(image), "refused");
    });

    test("has only its new display name when it is re-created with the same object name", async () => {
      const { plane, webhook } = bench;
      const [before, after] = [newName("before"), newName("after")];
      const image = namespaceImage(before);
      await plane.createImage(image);
      await plane.deleteImage(image);

      await plane.createImage(namespaceImage(after, nameOf(image)));

      await webhook.means(after, nameOf(image));
      await webhook.means(before, "refused");
    });

    test("is there after it was deleted and re-created again and again", async () => {
      const { plane, webhook } = bench;
      const displayName = newName("again");
      const image = namespaceImage(displayName);
      await plane.createImage(image);
      for (let round = 0; round < 5; round++) {
        await plane.deleteImage(image);
        await plane.createImage(image);
      }
      await webhook.means(displayName, nameOf(image));
      await webhook.means(nameOf(image), nameOf(image));
    });

    test("leaves its display name to the image that takes it over", async () => {
      const { plane, webhook } = bench;
      const displayName = newName("taken-over");
      const [first, second] = [namespaceImage(displayName), namespaceImage(displayName)];
      await plane.createImage(first);
      await webhook.means(displayName, nameOf(first));

      await plane.createImage(second);
      await webhook.means(displayName, "refused");
      await plane.deleteImage(first);

      await webhook.means(displayName, nameOf(second));
    });
  });
}

export function nameOf({ metadata }: ImageManifest): string {
  return metadata.name;
}
