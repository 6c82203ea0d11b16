import { type Logger, pino } from "pino";
import type { LOG_LEVELS } from "../config.ts";
import type { CommandLine } from "./command.ts";

export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr, with ISO times. */
export function createLog(io: CommandLine, level: LogLevel): Logger {
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, { write: io.printError });
}
