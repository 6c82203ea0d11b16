import { execFileSync } from "node:child_process";
import { MAIN, type ProgramOptions, ProgramProcess } from "./program-process.ts";

/**
 * Whether a program of the system works. Says so where it does not, and throws in CI: there a test that is left out would
 * not be noticed.
 */
export function needs(program: string, args: readonly string[], { inCi = true } = {}): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    const why = `tests that need ${[program, ...args].join(" ")} are left out: it does not work here`;
    if (inCi && process.env["CI"] !== undefined) throw new Error(why);
    process.stderr.write(`${why}\n`);
    return false;
  }
}

export interface TerminalOptions extends ProgramOptions {
  /** Shell commands before the program. */
  readonly before?: string;
  /** Appended to the command line of the shell, such as `>/dev/null`. */
  readonly redirect?: string;
}

/** `script` of util-linux runs a command on a terminal of its own. That of other systems has other flags. */
export const onTerminal = {
  isThere: needs("script", ["--quiet", "--return", "--command", "true", "/dev/null"]),

  /** Runs the program on a terminal. `output` has what the terminal shows: stdout and stderr. `input` is the keyboard. */
  run(options: TerminalOptions): ProgramProcess {
    const { args, program = MAIN, node = [], before = "", redirect = "", ...rest } = options;
    const command = [process.execPath, ...node, program, ...args].map(quoted).join(" ");
    const shell = `${before} exec ${command} ${redirect}`;
    return new ProgramProcess(["script", "--quiet", "--return", "--command", shell, "/dev/null"], rest);
  },
};

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
