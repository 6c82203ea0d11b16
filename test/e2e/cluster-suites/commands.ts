import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, test } from "vitest";
import { LONG_TEST } from "../cluster-patience.ts";
import { ENVIRONMENT, MAIN, reviewOf } from "../cluster-webhook.ts";
import { type Printed, run } from "../kubectl.ts";
import { type ClusterBench, ROCKY, UBUNTU } from "./bench.ts";
import { nameOf } from "./central.ts";

/** The commands that end, against a cluster. */
export function commandTests(bench: ClusterBench): void {
  describe.concurrent("a command", () => {
    let kubeconfig = "";
    /** Of a cluster that is away: nothing listens there. */
    let away = "";
    let known = "";
    let unknown = "";
    beforeAll(async () => {
      const { plane } = bench;
      kubeconfig = await plane.accountKubeconfig();
      away = await plane.userKubeconfig("away", "https://127.0.0.1:1");
      known = await reviewFile(bench, "known", "ubuntu-24.04");
      unknown = await reviewFile(bench, "unknown", "no-such-image");
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

    test("resolve ends with 1 for an unknown name", async ({ expect }) => {
      const found = await webhook("resolve", "no-such-image", "-n", "dev", "--kubeconfig", kubeconfig);
      expect(found).toMatchObject({ code: 1, stderr: "" });
      expect(found.stdout).toContain('"no-such-image" in namespace "dev" is no image');
    });

    test("resolve --kind needs no rights but to that kind in that namespace", async ({ expect }) => {
      const { plane } = bench;
      await plane.grant("one-namespace", ["get", "list"], "dev");
      const file = await plane.userKubeconfig("one-namespace");
      const kind = ["--kind", "VirtualMachineImage"];
      const found = await webhook("resolve", "ubuntu-24.04", "-n", "dev", ...kind, "--kubeconfig", file);
      expect(found).toMatchObject({ code: 0, stderr: "" });
      expect(found.stdout).toContain(nameOf(UBUNTU));
    });

    test("replay answers as the server would", async ({ expect }) => {
      const answered = await webhook("replay", known, "--kubeconfig", kubeconfig, "-o", "json", "--diff");
      expect(answered).toMatchObject({ code: 0, stderr: "" });
      const lines = answered.stdout.trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { endpoint: "mutate", code: 200, allowed: true, after: { spec: { imageName: nameOf(UBUNTU) } } },
        { endpoint: "validate", code: 200, allowed: true },
      ]);
    });

    test("replay ends with 1 for a refusal, whatever came before", async ({ expect }) => {
      const answered = await webhook("replay", known, unknown, "--kubeconfig", kubeconfig, "-o", "json");
      expect(answered.code).toBe(1);
      expect(answered.stdout).toContain('"allowed":true');
      expect(answered.stdout).toContain('Not found: \\"no-such-image\\"');
    });

    test("ends with 3 and says so where the cluster is away", { timeout: LONG_TEST }, async ({ expect }) => {
      const [resolved, replayed] = await Promise.all([
        webhook("resolve", "ubuntu-24.04", "-n", "dev", "--kubeconfig", away),
        webhook("replay", known, "--kubeconfig", away),
      ]);
      for (const { code, stdout, stderr } of [resolved, replayed]) {
        expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
        expect(stderr).toMatch(/^vm-image-webhook: cannot read VirtualMachineImages: .*ECONNREFUSED/m);
        expect(stderr).not.toContain("    at ");
      }
    });

    test("ends with 3 and names the right that is missing", async ({ expect }) => {
      const file = await bench.plane.userKubeconfig("nobody");
      const [resolved, replayed] = await Promise.all([
        webhook("resolve", "ubuntu-24.04", "-n", "dev", "--kubeconfig", file),
        webhook("replay", known, "--kubeconfig", file),
      ]);
      for (const { code, stdout, stderr } of [resolved, replayed]) {
        expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
        expect(stderr).toMatch(/^vm-image-webhook: .*\blist virtualmachineimages\b/m);
      }
    });

    test("ends with 3 and names the kubeconfig that is not there", async ({ expect }) => {
      const file = join(bench.plane.directory, "no-such-kubeconfig");
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

async function reviewFile({ plane }: ClusterBench, about: string, imageName: string): Promise<string> {
  const file = join(plane.directory, `${about}.json`);
  await writeFile(file, JSON.stringify(reviewOf(imageName)));
  return file;
}
