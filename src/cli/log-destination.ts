import type { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { DestinationStream } from "pino";
import { createLog } from "./log.ts";

/** Bytes that wait in memory for a reader that is too slow: some 14,000 reviews of 600. */
export const MAX_UNREAD = 8 * 1024 * 1024;

/**
 * Where the log goes. No review waits for it or fails with it: lines that its reader leaves for too long are dropped and
 * counted, and lines that cannot be written, because the reader has gone or the disk is full, are lost.
 *
 * It writes to a stream of Node, not to pino.destination: that one does not let a process exit while its pipe is full.
 */
export class LogDestination implements DestinationStream {
  readonly #stream: Writable;
  #dropped = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", () => undefined);
    stream.on("drain", () => {
      this.#reportDropped();
    });
  }

  /** Takes one line, its newline included. */
  write(line: string): void {
    if (this.#stream.writableLength >= MAX_UNREAD) {
      this.#dropped++;
      return;
    }
    this.#reportDropped();
    this.#stream.write(line);
  }

  /** Whether no line waits for the reader. */
  get isWritten(): boolean {
    return this.#stream.writableLength === 0;
  }

  /** Waits until each line is written or cannot be, but not longer than so many milliseconds. */
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
    createLog(this.#stream, "warn").warn({ lines }, "lines of this log were dropped: it was not read in time");
  }
}
