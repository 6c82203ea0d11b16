import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ofCheckout } from "../support/command-run.ts";
import { ProgramProcess } from "../support/program-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FOLDER = ofCheckout("dist/package");
const TARBALL = ofCheckout(`dist/vm-image-webhook-${packageJson.version}.tgz`);
const VERSION = `vm-image-webhook ${packageJson.version}\n`;
/** Debian's Node. */
const OTHER_NODE = "/usr/bin/node";

const execute = promisify(execFile);
const made = execute("npm", ["run", "-s", "package"], { cwd: ofCheckout(".") });

/** The Node that runs the tests comes first. No npm setting of the tests' own run counts, and none asks a registry. */
function environment(): Record<string, string> {
  const home = temporaryFolder();
  const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  return { PATH: path, HOME: home, npm_config_offline: "true", npm_config_cache: join(home, "cache") };
}

async function ends(process: ProgramProcess): Promise<readonly [number | null, string, string]> {
  return [await process.exit(), process.output, process.errors];
}

it("the package has no dependencies and no scripts, and its files are there", async () => {
  await made;
  const packed = JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8")) as Readonly<Record<string, unknown>>;
  const fields = ["name", "version", "description", "license", "type", "bin", "engines", "files"];
  expect(Object.keys(packed)).toEqual(fields);
  const { stdout } = await execute("tar", ["-tzf", TARBALL]);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((file) => file.replace("package/", ""))
      .sort(),
  ).toEqual(readdirSync(FOLDER).sort());
});

it("the notices name every package of the bundle with its licence, and none that is only a tool", async () => {
  await made;
  const notices = readFileSync(join(FOLDER, "THIRD_PARTY_NOTICES"), "utf8");
  for (const name of Object.keys(packageJson.dependencies))
    expect(notices).toMatch(new RegExp(`^${name} [\\d.]+: `, "m"));
  for (const name of ["esbuild", "vitest", "typescript"]) expect(notices).not.toMatch(new RegExp(`^${name} \\d`, "m"));
});

it("npm install -g gives commands that work in an empty folder", async () => {
  await made;
  const [prefix, cwd, env] = [temporaryFolder(), temporaryFolder(), environment()];
  await execute("npm", ["install", "--global", "--prefix", prefix, TARBALL], { cwd, env });
  const command = join(prefix, "bin", "vm-image-webhook");
  const version = new ProgramProcess([command, "--version"], { cwd, environment: env });
  expect(await ends(version)).toEqual([0, VERSION, ""]);
  const args = ["check", "--images", ofCheckout("examples/images"), ofCheckout("examples/mistakes/unknown.yaml")];
  const check = new ProgramProcess([command, ...args], { cwd, environment: env });
  expect(await check.exit()).toBe(1);
  expect(check.output).toContain('did you mean "ubuntu-24.04"');
  const help = new ProgramProcess([join(prefix, "bin", "kubectl-vmimage"), "--help"], { cwd, environment: env });
  expect(await help.exit()).toBe(0);
  expect(help.output).toMatch(/^Usage: kubectl vmimage /);
});

it("npx runs the tarball in an empty folder", async () => {
  await made;
  const cwd = temporaryFolder();
  const { stdout } = await execute("npx", ["--yes", "--package", TARBALL, "vm-image-webhook", "--version"], {
    cwd,
    env: environment(),
  });
  expect(stdout).toBe(VERSION);
  expect(readdirSync(cwd)).toEqual([]);
});

it.each(["12.22.12", "20.11.0", "24.11.1"])("Node %s is refused in one line before the bundle is read", async (old) => {
  await made;
  const fake = join(temporaryFolder(), "fake.cjs");
  writeFileSync(fake, `Object.defineProperty(process.versions, "node", { value: "${old}" });`);
  const node = ["--require", fake];
  const program = ProgramProcess.run({ node, program: join(FOLDER, "vm-image-webhook.cjs"), args: ["--version"] });
  expect(await ends(program)).toEqual([3, "", refusal(old)]);
});

it.runIf(existsSync(OTHER_NODE))("the Node of the system is refused if it is too old, and else works", async () => {
  await made;
  const { stdout } = await execute(OTHER_NODE, ["--version"]);
  const found = stdout.trim().slice(1);
  const isOld = Number(found.split(".")[0]) < 24;
  const program = new ProgramProcess([OTHER_NODE, join(FOLDER, "vm-image-webhook.cjs"), "--version"]);
  expect(await ends(program)).toEqual(isOld ? [3, "", refusal(found)] : [0, VERSION, ""]);
});

function refusal(found: string): string {
  const wanted = packageJson.engines.node.replace(">=", "");
  return `vm-image-webhook needs Node ${wanted} or newer, and this is Node ${found}: install one from https://nodejs.org\n`;
}
