import type { Environment, FlagName, FlagValues } from "../config.ts";

/** The outside world of a command; only main.ts knows the process. */
export interface CommandLine {
  readonly environment: Environment;
  /** Results. */
  readonly print: (text: string) => void;
  /** Logs and errors, one line at a time. */
  readonly printError: (text: string) => void;
  readonly readStdin: () => Promise<string>;
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
  readonly now: () => Date;
}

export const EXIT_DONE = 0;
/** A refusal or a failed check. */
export const EXIT_REFUSED = 1;

export interface Command<Names extends FlagName = FlagName> {
  readonly name: string;
  readonly summary: string;
  /** In the words of a usage line: `NAME`, `FILE...`. */
  readonly arguments?: { readonly name: string; readonly many: boolean; readonly help: string };
  readonly flags: readonly Names[];
  /** Gives the exit code. */
  readonly run: (args: readonly string[], flags: FlagValues<Names>, io: CommandLine) => Promise<number>;
}
