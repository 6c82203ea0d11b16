import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import type { Timing } from "../../kube/backoff.ts";
import type { RenewalOutcome } from "../certificate-source.ts";

/**
 * Milliseconds between two looks. Polling sees a renamed folder (the kubelet's `..data`), a rewritten file and a
 * mounted file system alike; a few small files are read in less than a millisecond.
 */
const POLL_INTERVAL = 1_000;

export interface PolledFilesOptions<Files> {
  /** For messages: `certificate`. */
  readonly what: string;
  /** Folder or file, for messages. */
  readonly path: string;
  readonly read: () => Promise<Files>;
  /** Puts them to use; throws where they are no good. */
  readonly take: (files: Files) => void;
  readonly log: Logger;
  readonly timing: Timing;
}

/** Texts of files that somebody else renews: the last good ones stay in use, an identical rewrite changes nothing. */
export class PolledFiles<Files> {
  readonly #options: PolledFilesOptions<Files>;
  #inUse = "";
  #problem: string | undefined;
  /** What the look before found, where that was bad: a change that may be under way. */
  #suspect: string | undefined;
  /** After the first ones. */
  readonly renewals: Record<RenewalOutcome, number> = { used: 0, kept: 0 };

  constructor(options: PolledFilesOptions<Files>) {
    this.#options = options;
  }

  /** Why what is there now is not in use. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Throws where the first ones are no good; looks for others until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const files = await this.#options.read();
    this.#options.take(files);
    this.#inUse = JSON.stringify(files);
    void this.#follow(signal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { timing } = this.#options;
    for (;;) {
      await timing.delay(POLL_INTERVAL, signal);
      if (signal.aborted) return;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    let seen = "";
    try {
      const files = await this.#options.read();
      seen = JSON.stringify(files);
      if (seen === this.#inUse) this.#mended();
      else this.#take(files, seen);
      this.#suspect = undefined;
    } catch (error) {
      this.#keep(messageOf(error), seen);
    }
  }

  #take(files: Files, seen: string): void {
    const { what, path, take, log } = this.#options;
    take(files);
    this.#inUse = seen;
    this.#problem = undefined;
    this.renewals.used++;
    log.info({ path }, `a new ${what} is in use`);
  }

  /** A look may fall between two writes: only what is as bad at the next one is reported. */
  #keep(why: string, seen: string): void {
    const found = `${why} ${seen}`;
    const isSettled = this.#suspect === found;
    this.#suspect = found;
    if (!isSettled || this.#problem === why) return;
    this.#problem = why;
    this.renewals.kept++;
    const { what, path, log } = this.#options;
    log.warn({ path, why }, `the ${what} changed and cannot be used; the last good one stays`);
  }

  #mended(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#options.log.info({ path: this.#options.path }, `the ${this.#options.what} is as it was again`);
  }
}
