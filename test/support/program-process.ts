import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { ofCheckout } from "./command-run.ts";

export const MAIN = ofCheckout("src/main.ts");

export interface ProgramOptions {
  readonly args: readonly string[];
  /** The whole environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The file to run. */
  readonly program?: string;
  readonly cwd?: string;
  /** Flags of Node itself. */
  readonly node?: readonly string[];
}

/** The program as a process of its own. Its standard input stays open and empty until `input` is ended. */
export class ProgramProcess {
  readonly #child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable };
  readonly #exit: Promise<unknown[]>;
  readonly #close: Promise<unknown[]>;
  output = "";
  errors = "";

  constructor(
    command: readonly [string, ...string[]],
    options: Omit<ProgramOptions, "args" | "program" | "node"> = {},
  ) {
    const [file, ...args] = command;
    this.#child = spawn(file, args, {
      env: options.environment ?? {},
      cwd: options.cwd,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#exit = once(this.#child, "exit");
    this.#close = once(this.#child, "close");
    // A process that ended does not read its input.
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text;
    });
  }

  static run({ args, program = MAIN, node = [], ...rest }: ProgramOptions): ProgramProcess {
    return new ProgramProcess([process.execPath, ...node, program, ...args], rest);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get input(): Writable {
    return this.#child.stdin;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. Returns the exit code as a shell reports it: 128 plus the number of a signal that ended it. */
  async exit(): Promise<number> {
    const [code, signal] = (await this.#exit) as [number | null, NodeJS.Signals | null];
    await this.#close;
    return code ?? 128 + constants.signals[signal ?? "SIGKILL"];
  }

  /** Leaves no process behind, even after a failed test. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
