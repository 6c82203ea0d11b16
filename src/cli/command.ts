import type { DestinationStream } from "pino";
import type { FlagName, FlagValues } from "./flags.ts";
import type { Environment } from "./given-flags.ts";
import type { LogFormat } from "./pretty-log.ts";
import type { Progress } from "./progress-line.ts";

/** What a command sees of its process, which only main.ts knows. */
export interface CommandLine {
  readonly environment: Environment;
  /** Prints results. */
  readonly print: (text: string) => void;
  /** Prints errors, one line at a time. */
  readonly printError: (text: string) => void;
  /** Receives log lines in JSON. */
  readonly log: DestinationStream & {
    /** Formats every further line. */
    readonly formatWith: (format: LogFormat) => void;
  };
  /** The terminal that shows errors and log; undefined where stderr is none. */
  readonly terminal: { readonly colors: boolean } | undefined;
  /** Runs a step, and shows its progress on the terminal once it takes longer than a second. */
  readonly withProgress: <T>(what: string, step: (progress: Progress) => Promise<T>) => Promise<T>;
  /** Standard input, which may be read once. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Whether a person can answer on the standard input. */
  readonly isInteractive: () => boolean;
  /** Aborts on SIGTERM and SIGINT, after `stopOnSignal`. Its reason is the name of the signal. */
  readonly stop: AbortSignal;
  /** From here on, a signal aborts `stop`. Before, it ends the process at once. */
  readonly stopOnSignal: () => void;
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
/** A signal ended the process at once: 128 plus its number, as shells report it. */
export const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Command<Names extends FlagName = FlagName> {
  readonly name: string;
  readonly summary: string;
  /** For the usage line: `NAME`, `FILE...`. */
  readonly arguments?: {
    readonly name: string;
    readonly many: boolean;
    /** Whether the command runs without one. */
    readonly optional?: true;
    /** All values, where there is a list of them. */
    readonly choices?: readonly string[];
    readonly help: string;
  };
  readonly flags: readonly Names[];
  /**
   * A command that runs until a signal ends its work in order, and logs a warning about an unknown variable. A signal ends
   * any other command at once, and an unknown variable is wrong use.
   */
  readonly runsUntilSignal?: true;
  /** Returns the exit code. */
  readonly run: (args: readonly string[], flags: FlagValues<Names>, io: CommandLine) => Promise<number>;
}
