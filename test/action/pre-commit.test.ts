import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Hook {
  readonly id: string;
  readonly language: string;
  readonly entry: string;
  readonly args: readonly string[];
  readonly require_serial: boolean;
}

const HOOKS = parse(readFileSync(ofCheckout(".pre-commit-hooks.yaml"), "utf8")) as readonly Hook[];
const FILE = "vms/web machine.yaml";

/** A folder with images and a machine, as a user's repository. */
function repository(imageName: string): string {
  const folder = temporaryFolder();
  cpSync(ofCheckout("examples/images"), join(folder, "images"), { recursive: true });
  mkdirSync(join(folder, "vms"));
  const machine = readFileSync(ofCheckout("examples/vms/web.yaml"), "utf8");
  writeFileSync(join(folder, FILE), machine.replace("ubuntu-24.04", imageName));
  return folder;
}

/** Runs a hook of language `script` as pre-commit does: the entry in its clone, the arguments, and the files. */
function runHook(id: string, folder: string, node = dirname(process.execPath)): object {
  const hook = HOOKS.find((each) => each.id === id);
  const [script = "", ...args] = [...(hook?.entry.split(" ") ?? []), ...(hook?.args ?? [])];
  const { status, stdout, stderr } = spawnSync(ofCheckout(script), [...args, FILE], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: `${node}:${process.env["PATH"] ?? ""}` },
  });
  return { status, stdout, stderr };
}

test("each hook is a script that gets all files in one call", () => {
  expect(HOOKS.map(({ id }) => id)).toEqual(["vm-image-check", "vm-image-pin"]);
  for (const hook of HOOKS) expect(hook).toMatchObject({ language: "script", require_serial: true });
});

describe("the hook vm-image-check", () => {
  test("succeeds for a machine that admission admits", () => {
    expect(runHook("vm-image-check", repository("ubuntu-24.04"))).toEqual({
      status: 0,
      stdout: "1 object checked: 0 refused, 0 warned; 0 skipped\n",
      stderr: "",
    });
  });

  test("fails with file and line", () => {
    expect(runHook("vm-image-check", repository("ubuntu-2404"))).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^vms\/web machine\.yaml:10: error: spec\.imageName: Not found: /) as unknown,
    });
  });

  test("names the Node that it needs", () => {
    const old = temporaryFolder();
    writeFileSync(join(old, "node"), "#!/bin/sh\necho v24.9.0\n", { mode: 0o755 });
    expect(runHook("vm-image-check", repository("ubuntu-24.04"), old)).toEqual({
      status: 3,
      stdout: "",
      stderr:
        "vm-image-webhook needs Node 24.12 or newer, and this is Node 24.9.0: install one from https://nodejs.org\n",
    });
  });
});

test("the hook vm-image-pin pins names, which pre-commit reports as a change", () => {
  const folder = repository("ubuntu-24.04");
  expect(runHook("vm-image-pin", folder)).toMatchObject({ status: 0, stderr: "" });
  expect(readFileSync(join(folder, FILE), "utf8")).toContain(
    "imageName: vmi-0a0044d7c690bcbea # vm-image: ubuntu-24.04",
  );
});
