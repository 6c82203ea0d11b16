import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const UBUNTU = "vmi-0a0044d7c690bcbea # vm-image: ubuntu-24.04";
/** Nobody's user ID on Linux. */
const OTHER_USER = 65_534;

function machine(imageName: string): string {
  return [
    "apiVersion: vmoperator.vmware.com/v1alpha6",
    "kind: VirtualMachine",
    "metadata: { name: web, namespace: dev }",
    `spec: { imageName: ${imageName}`,
    "  }",
    "",
  ].join("\n");
}

const UNPINNED = machine("ubuntu-24.04");
const PINNED = UNPINNED.replace("ubuntu-24.04", UBUNTU);

function folderOf(count: number): string {
  const folder = join(temporaryFolder(), "vms");
  mkdirSync(folder);
  for (let each = 0; each < count; each++) writeFileSync(join(folder, `${each}.yaml`), UNPINNED);
  return folder;
}

function manifestsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

interface Run {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs `pin` as a process. `atFirstWrite` is called once it has begun to write. */
async function pin(
  folder: string,
  atFirstWrite?: (kill: (signal: NodeJS.Signals) => void) => void,
  uid?: number,
): Promise<Run> {
  const args = [ofCheckout("src/main.ts"), "pin", folder, ...IMAGES];
  const child = spawn(process.execPath, args, { env: {}, ...(uid === undefined ? {} : { uid }) });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (atFirstWrite !== undefined) {
    const watcher = watch(folder, () => {
      watcher.close();
      atFirstWrite((signal) => child.kill(signal));
    });
    onTestFinished(() => {
      watcher.close();
    });
  }
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [output, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { exitCode, output, errors };
}

test("SIGKILL while 1,000 files are written leaves each with its old or its new content, and pin goes on from there", async () => {
  const folder = folderOf(1_000);
  const { exitCode } = await pin(folder, (kill) => {
    kill("SIGKILL");
  });
  expect(exitCode).toBeNull();
  const texts = manifestsIn(folder);
  expect(texts).toHaveLength(1_000);
  expect(texts.filter((each) => each !== UNPINNED && each !== PINNED)).toEqual([]);
  expect(texts).toContain(UNPINNED);
  expect((await pin(folder)).exitCode).toBe(0);
  expect(new Set(manifestsIn(folder))).toEqual(new Set([PINNED]));
});

test("SIGTERM ends between two files, says how many are written, and leaves nothing else", async () => {
  const folder = folderOf(1_000);
  const { exitCode, errors } = await pin(folder, (kill) => {
    kill("SIGTERM");
  });
  const written = manifestsIn(folder).filter((each) => each === PINNED).length;
  expect([exitCode, errors]).toEqual([
    3,
    `vm-image-webhook: stopped by SIGTERM; ${written} of 1000 files were written\n`,
  ]);
  expect(readdirSync(folder)).toHaveLength(1_000);
});

test("a file that changes while others are written stays as it was changed", async () => {
  const folder = folderOf(1_000);
  const last = join(folder, "999.yaml");
  const { exitCode, errors } = await pin(folder, () => {
    writeFileSync(last, machine("rocky-9.5"));
  });
  expect(exitCode).toBe(3);
  expect(errors).toMatch(
    /^vm-image-webhook: cannot write .*999\.yaml: it changed meanwhile; run the command again; \d+ of 1000 files were written\n$/,
  );
  expect(readFileSync(last, "utf8")).toBe(machine("rocky-9.5"));
});

test.runIf(process.getuid?.() === 0)("without the permission to write one file, no file is written", async () => {
  const folder = folderOf(2);
  chmodSync(join(folder, ".."), 0o755);
  chmodSync(join(folder, "1.yaml"), 0o444);
  for (const path of [folder, join(folder, "0.yaml"), join(folder, "1.yaml")]) chownSync(path, OTHER_USER, OTHER_USER);
  const file = await pin(folder, undefined, OTHER_USER);
  expect([file.exitCode, file.errors]).toEqual([
    3,
    expect.stringMatching(/cannot write .*1\.yaml: EACCES.*; nothing was written\n$/),
  ]);
  chmodSync(join(folder, "1.yaml"), 0o644);
  chmodSync(folder, 0o555);
  const closed = await pin(folder, undefined, OTHER_USER);
  expect([closed.exitCode, closed.errors]).toEqual([
    3,
    expect.stringMatching(/cannot write .*0\.yaml: EACCES.*; nothing was written\n$/),
  ]);
  expect(new Set(manifestsIn(folder))).toEqual(new Set([UNPINNED]));
});
