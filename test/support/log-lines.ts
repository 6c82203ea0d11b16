import { type Level, type Logger, pino } from "pino";

export type LogLine = Readonly<Record<string, unknown>>;

/** A log that keeps what was written, as the program writes it. */
export class LogLines {
  /** Each as it would stand in the file, its newline included. */
  readonly written: string[] = [];
  readonly log: Logger;

  constructor(level: Level = "info") {
    const formatters = { level: (label: string) => ({ level: label }) };
    this.log = pino({ level, base: null, formatters }, { write: (line) => this.written.push(line) });
  }

  get lines(): readonly LogLine[] {
    return this.written.map((line) => JSON.parse(line) as LogLine);
  }

  /** Those with this message. */
  saying(message: string): readonly LogLine[] {
    return this.lines.filter(({ msg }) => msg === message);
  }
}
