/** Calls `ring` once after so many milliseconds, unless the function that it returns is called before. */
export type SetTimer = (milliseconds: number, ring: () => void) => () => void;

export const setSystemTimer: SetTimer = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

export interface SilenceOptions {
  /** Milliseconds. */
  readonly limit: number;
  readonly setTimer: SetTimer;
  /** The watch has been silent for too long. */
  readonly ring: () => void;
}

/**
 * Notices that an open watch has fallen silent: its connection is there, and the API server behind it is frozen or gone.
 *
 * It takes one bookmark to begin. A kube-apiserver sends none until its watch cache is past the resourceVersion at which
 * the watch began (apiserver storage/cacher cache_watcher.go), so a quiet kind may have none at all; after the first one
 * it sends one a minute. Every later line is a proof of life and begins the time anew, an event as well as a bookmark.
 */
export class Silence {
  readonly #options: SilenceOptions;
  #cancel: (() => void) | undefined;

  constructor(options: SilenceOptions) {
    this.#options = options;
  }

  /** A line has come. */
  heard(isBookmark: boolean): void {
    if (this.#cancel === undefined && !isBookmark) return;
    this.stop();
    const { limit, setTimer, ring } = this.#options;
    this.#cancel = setTimer(limit, ring);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
