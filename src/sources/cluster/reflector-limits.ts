import { WATCH_GRACE, watchSeconds } from "../../kube/watch-limits.ts";

/** The limits of list and watch. Milliseconds unless said otherwise. */
export interface ReflectorLimits {
  /** Images on one page of a list. */
  readonly pageSize: number;
  /** For one page, and for discovery. */
  readonly pageDeadline: number;
  /** Seconds after which the API server ends a watch, from a random number between 0 and 1. */
  readonly watchSeconds: (random: number) => number;
  /** After these seconds the reflector waits this long, and then ends the watch itself. */
  readonly watchGrace: number;
  /** A watch that ends before this time and sent no news counts as failed. */
  readonly briefWatch: number;
  /** A watch that has sent a bookmark, and then nothing for this time, is ended. */
  readonly bookmarkSilence?: number;
}

/**
 * kube-apiserver sends a bookmark about once a minute, and one 2 s before the end of a watch (apiserver storage/cacher,
 * bookmarkFrequency and nextBookmarkTime). The other half minute is for a busy server.
 */
export const MAX_BOOKMARK_SILENCE = 90_000;

export const DEFAULT_LIMITS: ReflectorLimits = {
  /** About 400 kB. The garbage of a larger page outlives the young generation, and costs memory and pauses. */
  pageSize: 100,
  /** A healthy API server takes 20 ms for a page; a loaded one ends requests after 60 s. */
  pageDeadline: 15_000,
  watchSeconds,
  watchGrace: WATCH_GRACE,
  /** client-go calls it a "very short watch" (tools/cache/reflector.go). */
  briefWatch: 1_000,
};
