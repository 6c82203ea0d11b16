import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, test } from "vitest";
import { LONG_TEST } from "../polling.ts";
import { reviewOf } from "../cluster-webhook.ts";
import { type Printed, run } from "../kubectl.ts";
import { ENVIRONMENT, MAIN } from "../webhook.ts";
import { type ClusterContext, ROCKY, UBUNTU } from "./cluster-context.ts";
import { nameOf } from "./images.ts";

/** The commands resolve and replay against a cluster. */
export function commandTests(context: ClusterContext): void {
  describe.concurrent("a command", () => {
    let kubeconfig = "";
    /** Kubeconfig of an address without a listener. */
    let unreachable = "";
    let known = "";
    let unknown = "";
    beforeAll(async () => {
      const { plane } = context;
      kubeconfig = await plane.accountKubeconfig();
      unreachable = await plane.userKubeconfig("unreachable", "https://127.0.0.1:1");
      known = await reviewFile(context, "known", "ubuntu-24.04");
      unknown = await reviewFile(context, "unknown", "no-such-image");
    });

    test("resolve finds an image of a namespace", async ({ expect }) => {
      const found = await webhook("resolve", "ubuntu-24.04", "-n", "dev", "--kubeconfig", kubeconfig);
      expect(found).toMatchObject({ code: 0, stderr: "" });
      expect(found.stdout).toContain(`"ubuntu-24.04" in namespace "dev" is ${nameOf(UBUNTU)}`);
    });

    test("resolve -o json finds an image of the cluster", async ({ expect }) => {
      const found = await webhook("resolve", "rocky-9.5", "--kubeconfig", kubeconfig, "-o", "json");
      expect(found.code).toBe(0);
      expect(JSON.parse(found.stdout)).toMatchObject({ is: "resolved", image: { name: nameOf(ROCKY) } });
    });

    test("resolve exits with 1 for an unknown name", async ({ expect }) => {
      const found = await webhook("resolve", "no-such-image", "-n", "dev", "--kubeconfig", kubeconfig);
      expect(found).toMatchObject({ code: 1, stderr: "" });
      expect(found.stdout).toContain('"no-such-image" in namespace "dev" is no image');
    });

    test("resolve --kind needs only rights to that kind in that namespace", async ({ expect }) => {
      const { plane } = context;
      await plane.grant("one-namespace", ["get", "list"], "dev");
      const file = await plane.userKubeconfig("one-namespace");
      const kind = ["--kind", "VirtualMachineImage"];
      const found = await webhook("resolve", "ubuntu-24.04", "-n", "dev", ...kind, "--kubeconfig", file);
      expect(found).toMatchObject({ code: 0, stderr: "" });
      expect(found.stdout).toContain(nameOf(UBUNTU));
    });

    test("replay prints the answers of the server", async ({ expect }) => {
      const answered = await webhook("replay", known, "--kubeconfig", kubeconfig, "-o", "json", "--diff");
      expect(answered).toMatchObject({ code: 0, stderr: "" });
      const lines = answered.stdout.trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { endpoint: "mutate", code: 200, allowed: true, after: { spec: { imageName: nameOf(UBUNTU) } } },
        { endpoint: "validate", code: 200, allowed: true },
      ]);
    });

    test("replay exits with 1 for a refusal after an allowed review", async ({ expect }) => {
      const answered = await webhook("replay", known, unknown, "--kubeconfig", kubeconfig, "-o", "json");
      expect(answered.code).toBe(1);
      expect(answered.stdout).toContain('"allowed":true');
      expect(answered.stdout).toContain('Not found: \\"no-such-image\\"');
    });

    test(
      "exits with 3 and names the error where the cluster is unreachable",
      { timeout: LONG_TEST },
      async ({ expect }) => {
        const [resolved, replayed] = await Promise.all([
          webhook("resolve", "ubuntu-24.04", "-n", "dev", "--kubeconfig", unreachable),
          webhook("replay", known, "--kubeconfig", unreachable),
        ]);
        for (const { code, stdout, stderr } of [resolved, replayed]) {
          expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
          expect(stderr).toMatch(/^vm-image-webhook: cannot read VirtualMachineImages: .*ECONNREFUSED/m);
          expect(stderr).not.toContain("    at ");
        }
      },
    );

    test("exits with 3 and names the missing right", async ({ expect }) => {
      const file = await context.plane.userKubeconfig("nobody");
      const [resolved, replayed] = await Promise.all([
        webhook("resolve", "ubuntu-24.04", "-n", "dev", "--kubeconfig", file),
        webhook("replay", known, "--kubeconfig", file),
      ]);
      for (const { code, stdout, stderr } of [resolved, replayed]) {
        expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
        expect(stderr).toMatch(/^vm-image-webhook: .*\blist virtualmachineimages\b/m);
      }
    });

    test("exits with 3 and names the missing kubeconfig", async ({ expect }) => {
      const file = join(context.plane.directory, "no-such-kubeconfig");
      const { code, stdout, stderr } = await webhook("resolve", "ubuntu-24.04", "--kubeconfig", file);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toContain(file);
      expect(stderr).not.toContain("    at ");
    });
  });
}

function webhook(...args: readonly string[]): Promise<Printed> {
  return run(process.execPath, [MAIN, ...args], { env: ENVIRONMENT });
}

async function reviewFile({ plane }: ClusterContext, about: string, imageName: string): Promise<string> {
  const file = join(plane.directory, `${about}.json`);
  await writeFile(file, JSON.stringify(reviewOf(imageName)));
  return file;
}
