import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type JsonObject, textAt } from "../../../src/common/json.ts";
import { type Applied, type Cluster, follow, makeMistake } from "../../mistakes/follow.ts";
import { MORE_IMAGES } from "../../mistakes/images.ts";
import type { Mistake } from "../../mistakes/mistake.ts";
import { remediesOf } from "../../mistakes/remedies.ts";
import { MISTAKES } from "../../mistakes/table.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Kubectl, Printed } from "../kubectl.ts";
import { newName } from "../machines.ts";
import { withImagesFolder } from "./webhook-context.ts";

const WARNING = "Warning: ";
/** The API server's own, of an old version. */
const DEPRECATED = /^Warning: \S+ VirtualMachine is deprecated/;

/** Every row of the table of mistakes: the message that kubectl prints, and each of its remedies, taken literally. */
export function mistakeTests(plane: () => ControlPlane): void {
  describe("a mistake", () => {
    const folder = withImagesFolder(plane, [], (images) => cp(MORE_IMAGES, join(images, "mistakes.yaml")));
    // The commands of remedies read the cluster, and the webhook reads the folder.
    beforeAll(() => applyImages(plane().admin, folder()));

    test.each(MISTAKES)("$title: is $outcome with the message of the table", async (mistake) => {
      const { isRefused, messages } = await makeMistake(clusterOf(plane(), mistake), mistake, newName("mistake"));
      expect(messages.join(", ")).toBe(mistake.messages.join(", "));
      expect(isRefused).toBe(mistake.outcome === "refused");
    });

    test.each(WAYS)("$mistake.title: is mended by remedy $number", async ({ mistake, remedy, outcome }) => {
      await follow(clusterOf(plane(), mistake), mistake, { remedy, outcome, name: newName("mended") });
    });
  });
}

const WAYS = MISTAKES.flatMap((mistake) =>
  remediesOf(mistake.messages).map((remedy, way) => ({
    mistake,
    remedy,
    number: way + 1,
    outcome: mistake.remedied[way] ?? {},
  })),
);

/** A cluster, as the person who makes this mistake uses it. */
function clusterOf({ admin, user }: ControlPlane, { by, isUnvalidated = false }: Mistake): Cluster {
  const kubectl = by === "admin" ? admin : user;
  const apply = ["apply", `--validate=${!isUnvalidated}`, "-o", "json", "-f", "-"];
  return {
    apply: async (manifest) => appliedOf(await kubectl.run(apply, manifest), manifest),
    patch: async (manifest, patch) => {
      await kubectl.ok(["patch", "--type=merge", "-p", JSON.stringify(patch), "-f", "-"], manifest);
    },
    list: (command) => kubectl.ok(command.split(" ").slice(1)),
  };
}

function appliedOf({ code, stdout, stderr }: Printed, manifest: JsonObject): Applied {
  const lines = stderr.trimEnd().split("\n");
  if (code === 0) {
    const warnings = lines.filter((line) => line.startsWith(WARNING) && !DEPRECATED.test(line));
    const messages = warnings.map((line) => line.slice(WARNING.length));
    return { isRefused: false, messages, object: JSON.parse(stdout) as JsonObject };
  }
  const refusal = lines.filter((line) => !line.startsWith(WARNING)).join("\n");
  return { isRefused: true, messages: [problemsOf(refusal, manifest)], object: manifest };
}

/** The problems of a refusal in one text: without what kubectl and the API server put in front of them. */
function problemsOf(refusal: string, manifest: JsonObject): string {
  const invalid = `The ${textAt(manifest, ["kind"])} "${textAt(manifest, ["metadata", "name"])}" is invalid: `;
  if (!refusal.startsWith(invalid)) return refusal.slice(refusal.indexOf(DENIED) + DENIED.length);
  const [first = "", ...others] = refusal.slice(invalid.length).split("\n* ");
  return [...(first === "" ? [] : [first]), ...others].join(", ");
}

const DENIED = " denied the request: ";

async function applyImages(admin: Kubectl, folder: string): Promise<void> {
  // This cluster has no OSImages.
  const files = (await readdir(folder)).filter((file) => file !== "osimages.yaml");
  for (const file of files.map((name) => join(folder, name))) {
    await admin.ok(["apply", "-f", file]);
    await admin.ok(["apply", "--server-side", "--subresource=status", "-f", file]);
  }
}
