import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { condition } from "../support/condition.ts";
import { MAIN, type ProgramOptions, ProgramProcess } from "../support/program-process.ts";
import { silentCluster } from "../support/silent-cluster.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { needs, onTerminal } from "../support/terminal.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

function ending(program: ProgramProcess): ProgramProcess {
  onTestFinished(() => {
    program.kill();
  });
  return program;
}

function start(options: ProgramOptions): ProgramProcess {
  return ending(ProgramProcess.run(options));
}

/** Waits until the process has read this text, but for what fits into a pipe. */
async function isRead(program: ProgramProcess, text: string): Promise<void> {
  await new Promise((resolve) => program.input.write(text, resolve));
}

/** More than a pipe holds. */
const LARGE = `${"#".repeat(1024 * 1024)}\n`;
const MACHINE = "---\napiVersion: vmoperator.vmware.com/v1alpha5\nkind: VirtualMachine\nmetadata: {name: a}\n";

describe.each(SIGNALS)("%s ends a command at once with exit code %d", (signal, code) => {
  test.each(["check", "replay"])("while %s waits for standard input", async (command) => {
    const program = start({ args: [command, "-", ...IMAGES] });
    await isRead(program, LARGE);
    program.signal(signal);
    expect([await program.exit(), program.output]).toEqual([code, ""]);
  });

  test("while it computes", async () => {
    const program = start({ args: ["check", "-", ...IMAGES] });
    await isRead(program, MACHINE.repeat(200_000));
    program.input.end();
    await once(program.input, "close");
    program.signal(signal);
    expect([await program.exit(), program.output]).toEqual([code, ""]);
  });

  test("while it reads thousands of files", async () => {
    const folder = temporaryFolder();
    const files = Array.from({ length: 2_000 }, (_, index) => join(folder, `${index}.yaml`));
    for (const file of files) writeFileSync(file, MACHINE);
    // A pipe as the last file: the command cannot finish.
    const pipe = join(folder, "pipe.yaml");
    execFileSync("mkfifo", [pipe]);
    const program = start({ args: ["check", ...files, pipe, ...IMAGES] });
    await condition("the pipe is open", () => isOpen(pipe));
    program.signal(signal);
    expect([await program.exit(), program.output]).toEqual([code, ""]);
  });

  test("while it asks a cluster that does not answer", async () => {
    const { server, kubeconfig } = await silentCluster();
    const program = start({ args: ["resolve", "x", "--kubeconfig", kubeconfig] });
    await Promise.race([once(server, "connection"), program.exit()]);
    program.signal(signal);
    expect([await program.exit(), program.output]).toEqual([code, ""]);
  });

  test.skipIf(!needs("unshare", ["--map-root-user", "--pid", "--fork", "true"], { inCi: false }))(
    "as the first process of a container",
    async () => {
      const container = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child", process.execPath] as const;
      const program = ending(new ProgramProcess([...container, MAIN, "check", "-", ...IMAGES], {}));
      await isRead(program, LARGE);
      const child = execFileSync("ps", ["--ppid", String(program.pid), "-o", "pid="], { encoding: "utf8" });
      process.kill(Number(child), signal);
      expect([await program.exit(), program.output]).toEqual([code, ""]);
    },
  );
});

/** Prints a line when the program begins to read its standard input. */
const SAYS_READING = `process.stdin.on("newListener", (event) => event === "readable" && process.stderr.write("reading\\n"))`;

test.skipIf(!onTerminal.isThere)("the first Ctrl-C on a terminal ends a command with exit code 130", async () => {
  const node = ["--import", `data:text/javascript,${encodeURIComponent(SAYS_READING)}`];
  const program = ending(onTerminal.run({ args: ["check", "-", ...IMAGES], node }));
  await condition("it reads", () => program.output.includes("reading"));
  program.input.write("\u0003");
  expect(await program.exit()).toBe(130);
});

/** Whether a process has opened the pipe to read it. */
function isOpen(pipe: string): boolean {
  try {
    const file = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    onTestFinished(() => {
      closeSync(file);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENXIO") return false;
    throw error;
  }
}
