import { type Logger, pino } from "pino";
import type { LOG_LEVELS } from "../config.ts";
import type { CommandLine } from "./command.ts";

export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr; level and time as people read them. */
export function createLog(io: Pick<CommandLine, "printError">, level: LogLevel): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, formatters, timestamp: isoTime() }, { write: io.printError });
}

/** The last line of a process that a bug ends: what was thrown, which may be anything, and how it got here. */
export function logCrash(io: Pick<CommandLine, "printError">, error: unknown, origin: string): void {
  createLog(io, "fatal").fatal({ err: error, origin }, "a bug ended the process");
}

/** The time as pino writes it, made anew only when the clock has moved: a busy server logs many lines a millisecond. */
function isoTime(): () => string {
  let last = NaN;
  let text = "";
  return () => {
    const now = Date.now();
    if (now !== last) [last, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}
