/** The limits of list and watch. Milliseconds unless said otherwise. */
export interface ReflectorLimits {
  /** Images in one answer. */
  readonly pageSize: number;
  /** For one page, and for discovery. */
  readonly pageDeadline: number;
  /** Seconds after which the API server is to end a watch, from a number between 0 and 1. */
  readonly watchSeconds: (random: number) => number;
  /** How long after that we end it ourselves. */
  readonly watchGrace: number;
  /** A watch that ends before, without news, did not work. */
  readonly briefWatch: number;
  /** A watch that has sent a bookmark and then nothing for so long is ended. */
  readonly bookmarkSilence?: number;
}

/**
 * kube-apiserver sends a bookmark about once a minute, and one 2 s before the end of a watch (apiserver storage/cacher,
 * bookmarkFrequency and nextBookmarkTime). Half a minute more is for a busy server.
 */
export const MAX_BOOKMARK_SILENCE = 90_000;

/** Watches of many replicas and kinds are not to end together. */
const LEAST_WATCH_SECONDS = 90;
const MOST_WATCH_SECONDS = 120;

export const DEFAULT_LIMITS: ReflectorLimits = {
  /** About 400 kB: what is dropped of a larger page outlives the young generation, and takes memory and pauses. */
  pageSize: 100,
  /** A page takes 20 ms of a healthy API server; a loaded one cuts requests at 60 s. */
  pageDeadline: 15_000,
  watchSeconds: (random) => Math.round(LEAST_WATCH_SECONDS + random * (MOST_WATCH_SECONDS - LEAST_WATCH_SECONDS)),
  /** Half-open connections, dead proxies and hung servers all end here (kube-rs has 5 s, watcher.rs). */
  watchGrace: 10_000,
  /** client-go calls it a "very short watch" (tools/cache/reflector.go). */
  briefWatch: 1_000,
};
