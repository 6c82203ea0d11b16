import { type Logger, pino } from "pino";
import type { LOG_LEVELS } from "../config.ts";
import type { CommandLine } from "./command.ts";

export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr; level and time as people read them. */
export function createLog(io: CommandLine, level: LogLevel): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, { write: io.printError });
}
