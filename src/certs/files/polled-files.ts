import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import type { Timing } from "../../common/timing.ts";
import type { RenewalOutcome } from "../certificate-source.ts";

/**
 * Milliseconds between two polls. Polling sees a renamed folder (the kubelet's `..data`), a rewritten file and a
 * mounted file system alike. It reads a few small files in less than a millisecond.
 */
const POLL_INTERVAL = 1_000;

export interface PolledFilesOptions<Files> {
  /** Name of the content in messages: `certificate`. */
  readonly what: string;
  /** Folder or file in messages. */
  readonly path: string;
  readonly read: () => Promise<Files>;
  /** Starts to use the files. Throws if they are not valid. */
  readonly use: (files: Files) => void;
  readonly log: Logger;
  readonly timing: Timing;
}

/** Files that another program renews. The last good ones stay in use, and an identical rewrite changes nothing. */
export class PolledFiles<Files> {
  readonly #options: PolledFilesOptions<Files>;
  /** The files in use, as JSON. */
  #inUse: string | undefined;
  #problem: string | undefined;
  /** What the previous poll found, if that was not valid. The writer may have been between two files. */
  #suspect: string | undefined;
  /** Counts of the changes after the start. */
  readonly renewals: Record<RenewalOutcome, number> = { used: 0, kept: 0 };

  constructor(options: PolledFilesOptions<Files>) {
    this.#options = options;
  }

  /** Why the current files are not in use; undefined if they are. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Throws if the first files are not valid. Then polls for new ones until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const files = await this.#options.read();
    this.#options.use(files);
    this.#inUse = JSON.stringify(files);
    void this.#pollUntilAborted(signal);
  }

  async #pollUntilAborted(signal: AbortSignal): Promise<void> {
    const { timing } = this.#options;
    for (;;) {
      await timing.delay(POLL_INTERVAL, signal);
      if (signal.aborted) return;
      await this.#poll();
    }
  }

  async #poll(): Promise<void> {
    let seen: string | undefined;
    try {
      const files = await this.#options.read();
      seen = JSON.stringify(files);
      if (seen === this.#inUse) this.#restored();
      else this.#use(files, seen);
      this.#suspect = undefined;
    } catch (error) {
      this.#keepLastGood(messageOf(error), seen);
    }
  }

  #use(files: Files, seen: string): void {
    const { what, path, use, log } = this.#options;
    use(files);
    this.#inUse = seen;
    this.#problem = undefined;
    this.renewals.used++;
    log.info({ path }, `a new ${what} is in use`);
  }

  /** A poll may fall between two writes. Only a problem that the next poll finds, too, is reported. */
  #keepLastGood(why: string, seen: string | undefined): void {
    const found = `${why} ${seen ?? ""}`;
    const isSettled = this.#suspect === found;
    this.#suspect = found;
    if (!isSettled || this.#problem === why) return;
    this.#problem = why;
    this.renewals.kept++;
    const { what, path, log } = this.#options;
    log.warn({ path, why }, `the ${what} changed and cannot be used; the last good one stays`);
  }

  #restored(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#options.log.info({ path: this.#options.path }, `the ${this.#options.what} is the last good one again`);
  }
}
