import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { condition } from "../support/condition.ts";
import { ProgramProcess } from "../support/program-process.ts";
import { silentCluster } from "../support/silent-cluster.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { onTerminal, type TerminalOptions } from "../support/terminal.ts";

const XTERM = { TERM: "xterm-256color" };
/** Its colour is yellow. */
const WARN_IN_COLOUR = "\u001b[33mWARN\u001b[39m: ";
const WARN = /^\[\d\d:\d\d:\d\d\] WARN: the folder has no image manifest, .*\r?\n/m;
const JSON_LINE = /^\{"level":"warn",.*\}\r?\n/m;

function ending(program: ProgramProcess): ProgramProcess {
  onTestFinished(() => {
    program.kill();
  });
  return program;
}

/** What a command that logs one warning shows on a terminal. */
async function shown(options: Omit<TerminalOptions, "args">, flags: readonly string[] = []): Promise<string> {
  const args = ["resolve", "x", "--images", temporaryFolder(), ...flags];
  const program = ending(onTerminal.run({ args, environment: XTERM, ...options }));
  expect(await program.exit()).toBe(1);
  return program.output;
}

describe.skipIf(!onTerminal.isThere)("on a terminal", () => {
  test("the log is coloured lines for people, also where the result goes elsewhere", async () => {
    for (const redirect of ["", ">/dev/null"]) expect(await shown({ redirect })).toContain(WARN_IN_COLOUR);
  });

  test("NO_COLOR is honoured", async () => {
    const output = await shown({ environment: { ...XTERM, NO_COLOR: "1" } });
    expect(output).toMatch(WARN);
    expect(output).not.toContain("\u001b");
  });

  test("--log-format json keeps JSON lines, and so does its variable", async () => {
    expect(await shown({}, ["--log-format", "json"])).toMatch(JSON_LINE);
    expect(await shown({ environment: { ...XTERM, VM_IMAGE_WEBHOOK_LOG_FORMAT: "json" } })).toMatch(JSON_LINE);
  });

  test("a log that goes to a file is JSON lines", async () => {
    const file = join(temporaryFolder(), "log");
    expect(await shown({ redirect: `2>'${file}'` })).not.toContain("WARN");
    expect(readFileSync(file, "utf8")).toMatch(JSON_LINE);
  });

  test("progress is shown of a command that waits for a cluster", async () => {
    const { kubeconfig } = await silentCluster();
    const args = ["resolve", "x", "--kubeconfig", kubeconfig];
    const program = ending(onTerminal.run({ args, environment: XTERM }));
    await condition("progress is shown", () => program.output.includes("reading images of the cluster ..."));
    program.input.write("\u0003");
    expect(await program.exit()).toBe(130);
  });

  test("a crash of serve is shown at the end, with exit code 5", async () => {
    const crash = 'process.on("SIGUSR2", () => { throw new Error("broken") })';
    const node = ["--import", `data:text/javascript,${encodeURIComponent(crash)}`];
    const addresses = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    const certificate = ["--self-signed", "--cert-dir", temporaryFolder()];
    const args = ["serve", "--images", ofCheckout("examples/images"), ...addresses, ...certificate];
    // The shell prints the number of its process, which the program then replaces.
    const program = ending(onTerminal.run({ args, node, environment: { NO_COLOR: "1" }, before: "echo pid $$;" }));
    await condition("it serves", () => /INFO: serving /.test(program.output));
    process.kill(Number(/^pid (\d+)/m.exec(program.output)?.[1]), "SIGUSR2");
    expect(await program.exit()).toBe(5);
    const [, last = ""] = program.output.split(/^(?=\[\d\d:\d\d:\d\d\] FATAL: a bug ended the process)/m);
    expect(last).toMatch(/^ +Error: broken\r\n +at /m);
    expect(last).not.toContain("INFO");
  });
});

describe("elsewhere", () => {
  test("--log-format pretty is lines for people without colour", async () => {
    const args = ["resolve", "x", "--images", temporaryFolder(), "--log-format", "pretty"];
    const program = ending(ProgramProcess.run({ args, environment: XTERM }));
    expect(await program.exit()).toBe(1);
    expect(program.errors).toMatch(WARN);
    expect(program.errors).not.toContain("\u001b");
  });

  test("the log is JSON lines", async () => {
    const program = ending(ProgramProcess.run({ args: ["resolve", "x", "--images", temporaryFolder()] }));
    expect(await program.exit()).toBe(1);
    expect(program.errors).toMatch(JSON_LINE);
  });
});
