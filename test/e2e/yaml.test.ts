import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { manifestFiles } from "../../src/files/manifest-files.ts";
import { REFUSED_VALUES, SCALARS } from "../files/scalar-table.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { CONTROL_PLANE_ASSETS, controlPlaneAssets } from "./control-plane.ts";
import { type Printed, run } from "./kubectl.ts";
import { requireControlPlane } from "./required.ts";

const HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

const JSON_MAP = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } });

/** kubectl without a cluster: `--local` prints what it has read, with a label. */
function kubectl(args: readonly string[], input = ""): Promise<Printed> {
  const env = { HOME: temporaryFolder() };
  return run(join(controlPlaneAssets(), "kubectl"), ["label", "--local", "a=b", ...args], { env, input });
}

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("kubectl", () => {
  test("makes of scalars what test/files/scalar-table.ts says", async () => {
    const values = SCALARS.map(([yaml], position) => `  v${position}: ${yaml}\n`).join("");
    const { stdout, stderr } = await kubectl(["-o", "json", "-f", "-"], `${HEAD}values:\n${values}`);
    expect(stderr).toBe("");
    const { values: read } = JSON.parse(stdout) as { readonly values: Readonly<Record<string, unknown>> };
    const table = (valueAt: (position: number) => unknown): object =>
      Object.fromEntries(SCALARS.map(([yaml], position) => [`${position}: ${yaml}`, valueAt(position)]));
    expect(table((position) => read[`v${position}`])).toEqual(table((position) => SCALARS[position]?.[1]));
  });

  test.each(REFUSED_VALUES)("refuses %s", async (yaml) => {
    const { code, stderr } = await kubectl(["-o", "json", "-f", "-"], `${HEAD}value: ${yaml}\n`);
    expect([code, stderr]).toEqual([1, expect.stringContaining("error parsing STDIN") as unknown]);
  });

  test("takes the last of a key that comes twice, which is an error here", async () => {
    const { stdout } = await kubectl(["-o", "json", "-f", "-"], `${HEAD}value: 1\nvalue: 2\n`);
    expect(JSON.parse(stdout)).toMatchObject({ value: 2 });
  });

  test("reads UTF-16 with a byte order mark, and refuses it without one", async () => {
    const file = join(temporaryFolder(), "vm.yaml");
    writeFileSync(file, Buffer.from(`\ufeff${HEAD}`, "utf16le"));
    expect((await kubectl(["-o", "name", "-f", file])).stdout).toBe("configmap/a\n");
    writeFileSync(file, Buffer.from(HEAD, "utf16le"));
    expect((await kubectl(["-o", "name", "-f", file])).stderr).toContain("control characters are not allowed");
  });

  test("reads the same files of a folder", async () => {
    const folder = temporaryFolder();
    const names = [
      ".dot.yaml",
      ".hidden/a.yaml",
      "a.yaml",
      "b.json",
      "below/deep/c.yml",
      "no.txt",
      "README",
      "upper.YAML",
    ];
    for (const name of names) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), name.endsWith(".json") ? JSON_MAP : HEAD);
    }
    symlinkSync("a.yaml", join(folder, "link.yaml"));
    const { stdout } = await kubectl(["-o", "name", "-R", "-f", folder]);
    const files: string[] = [];
    for await (const { path } of manifestFiles(folder, { dotNames: true })) files.push(relative(folder, path));
    expect(files).toEqual([".dot.yaml", ".hidden/a.yaml", "a.yaml", "b.json", "below/deep/c.yml", "link.yaml"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(files.length);
  });
});
