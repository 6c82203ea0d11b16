import { levels, type Logger, type LoggerOptions, pino } from "pino";
import type { LOG_LEVELS } from "../config.ts";
import type { CommandLine } from "./command.ts";

export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr; level and time as people read them. */
export function createLog(io: Pick<CommandLine, "printError">, level: LogLevel): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  const timestamp = isoTime();
  const hooks: LoggerOptions["hooks"] = {
    logMethod(logged, method, number) {
      const line = plainLine(logged, number, timestamp);
      if (line === undefined) method.apply(this, logged);
      else io.printError(line);
    },
  };
  return pino({ level, base: null, formatters, timestamp, hooks }, { write: io.printError });
}

/**
 * The line that pino writes of fields and a message, in one piece: pino looks at each field on its own and puts the line
 * together of thirty, twice the time. Undefined for errors and for what is no plain data, which pino alone can write.
 */
function plainLine(logged: readonly unknown[], number: number, timestamp: () => string): string | undefined {
  const [fields, message, ...others] = logged;
  if (typeof fields !== "object" || fields === null || fields instanceof Error || "err" in fields) return undefined;
  if (typeof message !== "string" || others.length > 0) return undefined;
  const members = plainJson(fields);
  if (members === undefined) return undefined;
  const comma = members === "{}" ? "" : ",";
  const start = `{"level":"${levels.labels[number] ?? ""}"${timestamp()}`;
  return `${start}${comma}${members.slice(1, -1)},"msg":${JSON.stringify(message)}}\n`;
}

/** Undefined where it has none: a member that holds itself, or a BigInt. */
function plainJson(fields: object): string | undefined {
  try {
    return JSON.stringify(fields);
  } catch {
    return undefined;
  }
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
