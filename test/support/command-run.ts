import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Environment } from "../../src/cli/given-flags.ts";
import { runProgram } from "../../src/cli/program.ts";

export interface CommandRun {
  readonly exitCode: number;
  /** The text on stdout. */
  readonly output: string;
  /** The text on stderr. */
  readonly errors: string;
}

export interface Surroundings {
  readonly environment?: Environment;
  readonly stdin?: string | Uint8Array;
  /** Whether standard input is a terminal. False by default. */
  readonly isInteractive?: boolean;
  readonly progress?: (done: number, total?: number) => void;
  readonly now?: Date;
  readonly stop?: AbortSignal;
}

/** Runs a command line within this process, as main.ts would. */
export async function run(args: readonly string[], given: Surroundings = {}): Promise<CommandRun> {
  let output = "";
  let errors = "";
  const exitCode = await runProgram(args, {
    environment: given.environment ?? {},
    print: (text) => {
      output += text;
    },
    printError: (text) => {
      errors += text;
    },
    log: {
      write: (line) => {
        errors += line;
      },
      formatWith: () => undefined,
    },
    terminal: undefined,
    withProgress: (_, step) => step(given.progress ?? (() => undefined)),
    isInteractive: () => given.isInteractive ?? false,
    stdin: () => Readable.from([Buffer.from(given.stdin ?? "")]),
    stop: given.stop ?? new AbortController().signal,
    stopOnSignal: () => undefined,
    now: () => given.now ?? new Date(),
    openFiles: () => undefined,
  });
  return { exitCode, output, errors };
}

/** The path of a file or folder of this checkout, independent of the current folder. */
export function ofCheckout(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
