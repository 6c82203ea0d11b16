import { type DestinationStream, type Logger, pino } from "pino";
import type { LOG_LEVELS } from "./flags.ts";

export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log of JSON lines, with the level as text and the time in ISO 8601. */
export function createLog(destination: DestinationStream, level: LogLevel): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** Logs the last line of a process that a bug ends. JavaScript can throw any value. */
export function logCrash(destination: DestinationStream, error: unknown, origin: string): void {
  createLog(destination, "fatal").fatal({ err: error, origin }, "a bug ended the process");
}
