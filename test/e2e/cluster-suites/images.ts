import { describe, expect, test } from "vitest";
import { clusterImage, type ImageManifest, namespaceImage } from "../cluster-images.ts";
import { LONG_TEST } from "../polling.ts";
import { TEAMS } from "../cluster-plane.ts";
import { KINDS, stateIn } from "../cluster-webhook.ts";
import { NAMESPACE } from "../control-plane.ts";
import { newName } from "../machines.ts";
import { type ClusterContext, ROCKY, UBUNTU } from "./cluster-context.ts";

/** Repetitions of the race between the watch and a CREATE. */
const ROUNDS = 25;

/** Reading images of a cluster; also runs with the real CRDs. */
export function imageTests(context: ClusterContext): void {
  describe("a webhook that has started", () => {
    test("is ready and watches both kinds", async () => {
      await context.webhook.becomes("live");
      const { code, text } = await context.webhook.readiness();
      expect(code).toBe(200);
      expect(KINDS.map((kind) => stateIn(text, kind))).toEqual(["live", "live"]);
    });

    test.each([
      ["of a namespace", "ubuntu-24.04", UBUNTU],
      ["of the cluster", "rocky-9.5", ROCKY],
    ])("resolves an image %s that existed before its start", async (_, displayName, image) => {
      expect(await context.plane.createMachine(displayName)).toMatchObject({
        status: 201,
        imageName: image.metadata.name,
      });
    });

    test("refuses a name that no image has", async () => {
      const { status, text } = await context.plane.createMachine("no-such-image");
      expect(status).toBe(422);
      expect(text).toContain('Not found: \\"no-such-image\\"');
    });

    test("refuses an image of another namespace", async () => {
      expect(await context.plane.createMachine("ubuntu-24.04", "other")).toMatchObject({ status: 422 });
    });
  });

  // The live read decides these where the CREATE comes before the watch event; mostly the event is first.
  describe("an image that was just created", () => {
    test.each([
      ["of a namespace", namespaceImage],
      ["of the cluster", clusterImage],
    ])("is never refused by its display name, %s", { timeout: LONG_TEST }, async (_, make) => {
      const { plane } = context;
      for (let round = 0; round < ROUNDS; round++) {
        const displayName = newName("fresh");
        const image = make(displayName);
        await plane.createImage(image);
        const created = await plane.createMachine(displayName);
        expect(created, `round ${round}: ${created.text}`).toMatchObject({ status: 201, imageName: nameOf(image) });
      }
    });

    test("is never refused by its VMI ID", { timeout: LONG_TEST }, async () => {
      const { plane } = context;
      for (let round = 0; round < ROUNDS; round++) {
        const image = namespaceImage(newName("fresh"));
        await plane.createImage(image);
        const created = await plane.createMachine(nameOf(image));
        expect(created, `round ${round}: ${created.text}`).toMatchObject({ status: 201, imageName: nameOf(image) });
      }
    });

    test("is never refused where several namespaces create at the same time", async () => {
      const { plane } = context;
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
    test("is resolved only by its new display name after it is renamed", async () => {
      const { plane, webhook } = context;
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
    ])("is refused by both names after it is deleted, %s", async (_, make) => {
      const { plane, webhook } = context;
      const displayName = newName("deleted");
      const image = make(displayName);
      await plane.createImage(image);
      await webhook.means(displayName, nameOf(image));

      await plane.deleteImage(image);

      await webhook.means(displayName, "refused");
      await webhook.means(nameOf(image), "refused");
    });

    test("is resolved only by its new display name after it is re-created with the same object name", async () => {
      const { plane, webhook } = context;
      const [before, after] = [newName("before"), newName("after")];
      const image = namespaceImage(before);
      await plane.createImage(image);
      await plane.deleteImage(image);

      await plane.createImage(namespaceImage(after, nameOf(image)));

      await webhook.means(after, nameOf(image));
      await webhook.means(before, "refused");
    });

    test("is resolved after it is deleted and re-created several times", async () => {
      const { plane, webhook } = context;
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

    test("leaves its display name to another image that gets it", async () => {
      const { plane, webhook } = context;
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
