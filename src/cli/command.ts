import type { DestinationStream } from "pino";
import type { Environment, FlagName, FlagValues } from "./flags.ts";

/** The outside world of a command; only main.ts knows the process. */
export interface CommandLine {
  readonly environment: Environment;
  /** Results. */
  readonly print: (text: string) => void;
  /** Errors, one line at a time. */
  readonly printError: (text: string) => void;
  /** Log lines. */
  readonly log: DestinationStream;
  readonly readStdin: () => Promise<string>;
  /** Aborts when the process is asked to end; its reason is the signal's name. */
  readonly stop: AbortSignal;
  readonly now: () => Date;
  /** The soft limit of open files of this process (`ulimit -n`); undefined where there is none. */
  readonly openFiles: () => number | undefined;
}

export const EXIT_DONE = 0;
/** A refusal or a failed check. */
export const EXIT_REFUSED = 1;
/** The server stopped, but not all that was under way was over by its deadline. */
export const EXIT_CUT = 4;
/** An exception that nothing caught: a bug. */
export const EXIT_CRASHED = 5;
/** A second signal ended the process at once: 128 and its number, as shells say it. */
export const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Command<Names extends FlagName = FlagName> {
  readonly name: string;
  readonly summary: string;
  /** In the words of a usage line: `NAME`, `FILE...`. */
  readonly arguments?: { readonly name: string; readonly many: boolean; readonly help: string };
  readonly flags: readonly Names[];
  /** Gives the exit code. */
  readonly run: (args: readonly string[], flags: FlagValues<Names>, io: CommandLine) => Promise<number>;
}
