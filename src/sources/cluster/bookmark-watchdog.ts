import type { Timing } from "../../common/timing.ts";

export interface BookmarkWatchdogOptions {
  /** Milliseconds. */
  readonly limit: number;
  readonly timing: Pick<Timing, "setTimer">;
  /** Called when the watch has sent nothing for the time of the limit. */
  readonly expired: () => void;
}

/**
 * Detects that an open watch sends nothing more: its connection is open, but the API server behind it is frozen or
 * gone.
 *
 * The first bookmark starts the timer. A kube-apiserver sends none until its watch cache has passed the resourceVersion
 * at which the watch began (apiserver storage/cacher cache_watcher.go), so a watch of a quiet kind may have no bookmark
 * at all. After the first bookmark the server sends one a minute. Every later line, an event as well as a bookmark,
 * restarts the timer.
 */
export class BookmarkWatchdog {
  readonly #options: BookmarkWatchdogOptions;
  #cancel: (() => void) | undefined;

  constructor(options: BookmarkWatchdogOptions) {
    this.#options = options;
  }

  /** To be called for each line of the watch. */
  lineReceived(isBookmark: boolean): void {
    if (this.#cancel === undefined && !isBookmark) return;
    this.stop();
    const { limit, timing, expired } = this.#options;
    this.#cancel = timing.setTimer(limit, expired);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
