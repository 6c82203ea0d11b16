import type { DestinationStream } from "pino";
import type { FlagName, FlagValues } from "./flags.ts";
import type { Environment } from "./given-flags.ts";

/** What a command sees of its process, which only main.ts knows. */
export interface CommandLine {
  readonly environment: Environment;
  /** Prints results. */
  readonly print: (text: string) => void;
  /** Prints errors, one line at a time. */
  readonly printError: (text: string) => void;
  /** Receives log lines. */
  readonly log: DestinationStream;
  /** Standard input, which may be read once. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Hears how far a command is that reads many files. */
  readonly progress?: (done: number, total?: number) => void;
  /** Whether a person can answer on the standard input. */
  readonly isInteractive: () => boolean;
  /** Aborts on SIGTERM and SIGINT. Its reason is the name of the signal. */
  readonly stop: AbortSignal;
  readonly now: () => Date;
  /** The soft limit of open files (`ulimit -n`). Undefined means none. */
  readonly openFiles: () => number | undefined;
}

export const EXIT_DONE = 0;
/** A refusal or a failed check. */
export const EXIT_REFUSED = 1;
/** `check` found nothing to check, which a wrong path or glob looks like. */
export const EXIT_NOTHING_CHECKED = 3;
/** The server stopped, but its deadline cut requests that were under way. */
export const EXIT_CUT = 4;
/** An uncaught exception, which is a bug. */
export const EXIT_CRASHED = 5;
/** A second signal ended the process at once: 128 plus its number, as in shells. */
export const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Command<Names extends FlagName = FlagName> {
  readonly name: string;
  readonly summary: string;
  /** For the usage line: `NAME`, `FILE...`. */
  readonly arguments?: { readonly name: string; readonly many: boolean; readonly help: string };
  readonly flags: readonly Names[];
  /** Returns the exit code. */
  readonly run: (args: readonly string[], flags: FlagValues<Names>, io: CommandLine) => Promise<number>;
}
