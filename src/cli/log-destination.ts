import type { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { DestinationStream } from "pino";
import { createLog } from "./log.ts";
import type { LogFormat } from "./pretty-log.ts";

/** Bytes that wait in memory for a slow reader: the lines of about 14,000 reviews. */
export const MAX_UNREAD = 8 * 1024 * 1024;

/**
 * Where the log goes. No review waits for the log or fails with it. Where its reader is too slow, lines are dropped and
 * counted; where lines cannot be written, because the reader is gone or the disk is full, they are lost.
 *
 * It writes to a stream of Node. pino.destination would keep the process from exiting while its pipe is full.
 */
export class LogDestination implements DestinationStream {
  readonly #stream: Writable;
  #format: LogFormat = (line) => line;
  #dropped = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", () => undefined);
    stream.on("drain", () => {
      this.#reportDropped();
    });
  }

  /** Formats every further line. */
  formatWith(format: LogFormat): void {
    this.#format = format;
  }

  /** Writes one line of JSON, which ends in a newline. */
  write(line: string): void {
    if (this.#stream.writableLength >= MAX_UNREAD) {
      this.#dropped++;
      return;
    }
    this.#reportDropped();
    this.#stream.write(this.#format(line));
  }

  /** Whether no line waits for the reader. */
  get isWritten(): boolean {
    return this.#stream.writableLength === 0;
  }

  /** Waits until all lines are written or lost, up to so many milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#stream.write("", () => {
        resolve();
      });
    });
    await Promise.race([written, setTimeout(milliseconds)]);
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    const stream = { write: (line: string) => this.#stream.write(this.#format(line)) };
    createLog(stream, "warn").warn({ lines }, "lines of this log were dropped: it was not read in time");
  }
}
