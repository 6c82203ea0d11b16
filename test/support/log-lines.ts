import type { Logger } from "pino";
import { createLog, type LogLevel } from "../../src/cli/log.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** A log that keeps what was written, as the program writes it. */
export class LogLines {
  /** Each as it would stand in the file, its newline included. */
  readonly written: string[] = [];
  readonly log: Logger;

  constructor(level: LogLevel = "info") {
    this.log = createLog({ write: (line) => this.written.push(line) }, level);
  }

  get lines(): readonly LogLine[] {
    return this.written.map((line) => JSON.parse(line) as LogLine);
  }

  /** Those with this message. */
  saying(message: string): readonly LogLine[] {
    return this.lines.filter(({ msg }) => msg === message);
  }
}
