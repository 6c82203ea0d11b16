import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CHECKS } from "../../src/admission/systems.ts";
import { createReview } from "../support/admission-review.ts";
import { run } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const COMMANDS = ["serve", "resolve", "replay", "check", "vmi-id", "certs"];

describe("help", () => {
  test("of the program lists every command and exits 0", async () => {
    const { exitCode, output, errors } = await run(["--help"]);
    expect([exitCode, errors]).toEqual([0, ""]);
    for (const command of COMMANDS) expect(output).toMatch(new RegExp(`^  ${command} `, "m"));
  });

  test.each(COMMANDS)("of %s lists its flags and exits 0", async (command) => {
    for (const flag of ["--help", "-h"]) {
      const { exitCode, output, errors } = await run([command, flag]);
      expect([exitCode, errors]).toEqual([0, ""]);
      expect(output).toMatch(new RegExp(`^Usage: vm-image-webhook ${command} `));
      // The width of the terminal decides where lines break.
      expect(output).toMatch(/env:\s+VM_IMAGE_WEBHOOK_/);
    }
  });
});

describe("help of serve", () => {
  test("groups its flags, in order", async () => {
    const { output } = await run(["serve", "--help"]);
    const headings = output.split("\n").filter((line) => /^[A-Z][a-z]+:$/.test(line));
    expect(headings).toEqual(["Images:", "Addresses:", "Certificate:", "Callers:", "Decisions:", "Log:", "Options:"]);
    const [, ofOptions = ""] = output.split("\nOptions:\n");
    expect(ofOptions.split("\n\n")[0]).toMatch(/^ {2}-h, --help +[^\n]+$/);
  });
});

test.each(["serve", "check", "replay"])("help of %s lists every check with its level", async (command) => {
  const { output } = await run([command, "--help"]);
  for (const { id, level } of CHECKS) expect(output).toMatch(new RegExp(`^  ${id} +${level} `, "m"));
});

test.each([[], ...COMMANDS.map((command) => [command])])(
  "help of %j has the exit codes of docs/cli.md",
  async (...command) => {
    const { output } = await run([...command, "--help"]);
    const listed = new Set(
      output
        .split("\nExit codes:\n")[1]
        ?.match(/^ {2}\d+/gm)
        ?.map(Number),
    );
    const own: Readonly<Record<string, readonly number[]>> = { serve: [4, 5], certs: [], "vmi-id": [] };
    const [name = ""] = command;
    const all = name === "" ? [1, 4, 5] : (own[name] ?? [1]);
    expect(listed).toEqual(new Set([0, ...all, 2, 3, 130, 143]));
  },
);

describe("wrong use", () => {
  test("no command exits 2 with the usage on stderr", async () => {
    const { exitCode, output, errors } = await run([]);
    expect([exitCode, output]).toEqual([2, ""]);
    expect(errors).toMatch(/^Usage: vm-image-webhook /);
  });

  test.each([
    ["an unknown command", ["sevre"], /unknown command 'sevre'/],
    ["an unknown flag", ["serve", "--imgaes", "x"], /unknown option '--imgaes'/],
    ["a flag of another command", ["vmi-id", "x", "--images", "y"], /unknown option '--images'/],
    ["a missing argument", ["resolve"], /missing required argument 'NAME'/],
    ["no file at all", ["replay"], /missing required argument 'FILE'/],
    ["an argument too many", ["resolve", "a", "b"], /too many arguments/],
    ["a flag without its value", ["resolve", "a", "--images"], /argument missing/],
  ])("%s exits 2 with the reason", async (_, args, message) => {
    const { exitCode, output, errors } = await run(args);
    expect([exitCode, output]).toEqual([2, ""]);
    expect(errors).toMatch(message);
  });

  test("reports everything that is wrong at once, a line each", async () => {
    const args = ["serve", "--listen", "nowhere", "--write", "all", "--check", "exist=deny"];
    const { exitCode, errors } = await run(args, { environment: { VM_IMAGE_WEBHOOK_LOG_LEVEL: "loud" } });
    expect(exitCode).toBe(2);
    expect(errors.split("\n")).toEqual([
      expect.stringMatching(/^vm-image-webhook: --listen nowhere: /),
      expect.stringMatching(/^vm-image-webhook: --write all: /),
      expect.stringMatching(/^vm-image-webhook: --check exist=deny: no check is called exist; there are exists, /),
      expect.stringMatching(/^vm-image-webhook: VM_IMAGE_WEBHOOK_LOG_LEVEL loud: /),
      "",
    ]);
  });
});

describe("neither --images nor a cluster", () => {
  beforeEach(() => {
    vi.stubEnv("KUBECONFIG", undefined);
    vi.stubEnv("HOME", temporaryFolder());
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each([
    ["serve", "--self-signed", "--cert-dir", temporaryFolder, "--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"],
    ["resolve", "x"],
    ["replay", "-"],
  ])("%s exits 3 and says what is missing", async (...args) => {
    const stdin = JSON.stringify(createReview());
    const { exitCode, output, errors } = await run(
      args.map((arg) => (typeof arg === "string" ? arg : arg())),
      { stdin },
    );
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: no cluster: .*; give --kubeconfig FILE, or --images DIR/m);
  });
});
