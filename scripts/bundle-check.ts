/**
 * Checks that dist/vm-image-webhook.mjs, made by `npm run build`, needs nothing but Node: it prints its version and answers
 * a review from an empty folder, with an empty environment. Prints `1 passed, 0 failed` or the reverse.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERSION } from "../src/common/version.ts";
import { ProgramProcess } from "../test/support/program-process.ts";
import { ServerProcess } from "../test/support/server-process.ts";

const ROOT = join(import.meta.dirname, "..");
const BUNDLE = join(ROOT, "dist", "vm-image-webhook.mjs");

const temporary = await mkdtemp(join(tmpdir(), "vm-image-webhook-bundle-"));
const cwd = await mkdtemp(join(tmpdir(), "vm-image-webhook-empty-"));
try {
  await check();
  process.stdout.write("1 passed, 0 failed\n");
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write("0 passed, 1 failed\n");
  process.exitCode = 1;
} finally {
  for (const folder of [temporary, cwd]) await rm(folder, { recursive: true, force: true });
}

async function check(): Promise<void> {
  const version = ProgramProcess.run({ args: ["--version"], program: BUNDLE, cwd });
  expect("the exit code of --version", await version.exit(), 0);
  expect("the version", version.output, `vm-image-webhook ${VERSION}\n`);
  const args = [
    "resolve",
    "ubuntu-24.04",
    "-n",
    "dev",
    "--images",
    join(ROOT, "examples/images"),
    "--log-format",
    "pretty",
  ];
  const pretty = ProgramProcess.run({ args, program: BUNDLE, cwd });
  expect("the exit code with a log for people", await pretty.exit(), 0);
  const server = new ServerProcess({
    program: [BUNDLE],
    cwd,
    certDir: join(temporary, "certs"),
    images: join(ROOT, "examples", "images"),
    flags: ["--self-signed"],
  });
  try {
    const { client } = await server.serving();
    const api = client();
    const review = await readFile(join(ROOT, "examples", "reviews", "resolved.json"), "utf8");
    const { status, text } = await api.post("/mutate", review);
    api.close();
    expect("the answer's status", status, 200);
    const { response } = JSON.parse(text) as { response: Readonly<Record<string, unknown>> };
    expect("the decision", [response["allowed"], response["patchType"]], [true, "JSONPatch"]);
    server.signal("SIGTERM");
    expect("the exit code", await server.exit(), 0);
    expect("what it left in its folder", await readdir(cwd), []);
  } finally {
    server.kill();
  }
}

function expect(what: string, found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  throw new Error(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}
