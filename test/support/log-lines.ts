import type { Logger } from "pino";
import { createLog, type LogLevel } from "../../src/cli/log.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** A log in memory, in the format of the program. */
export class LogLines {
  /** Each line as written, with its newline. */
  readonly written: string[] = [];
  readonly log: Logger;

  constructor(level: LogLevel = "info") {
    this.log = createLog({ write: (line) => this.written.push(line) }, level);
  }

  get lines(): readonly LogLine[] {
    return this.written.map((line) => JSON.parse(line) as LogLine);
  }

  /** The lines with this message. */
  saying(message: string): readonly LogLine[] {
    return this.lines.filter(({ msg }) => msg === message);
  }
}
