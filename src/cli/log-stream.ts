import type { Writable } from "node:stream";
import { createLog } from "./log.ts";

/** Bytes that wait in memory for a reader that is too slow: some 14,000 reviews of 600. */
export const MOST_UNREAD = 8 * 1024 * 1024;

/**
 * Where the log goes. Reviews never wait for it nor end with it: what its reader leaves too long is dropped and counted,
 * and what cannot be written at all, since the reader has gone or the disk is full, is lost without a word.
 */
export class LogStream {
  readonly #stream: Writable;
  #dropped = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", () => undefined);
  }

  /** Whole lines. */
  readonly write = (lines: string): void => {
    if (this.#stream.writableLength >= MOST_UNREAD) {
      this.#dropped += lines.split("\n").length - 1;
      return;
    }
    if (this.#dropped > 0) this.#sayWhatWasDropped();
    this.#stream.write(lines);
  };

  #sayWhatWasDropped(): void {
    const log = createLog({ printError: (line) => this.#stream.write(line) }, "warn");
    log.warn({ lines: this.#dropped }, "lines of this log were dropped: nobody read it");
    this.#dropped = 0;
  }
}
