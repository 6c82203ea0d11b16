/** Watches of many replicas and kinds must not end together: each lasts a random time between these. */
const MIN_WATCH_SECONDS = 90;
const MAX_WATCH_SECONDS = 120;

/**
 * Milliseconds to wait for the server to end a watch, after its time is over. Half-open connections, dead proxies and
 * hung servers end here (kube-rs has 5 s, watcher.rs).
 */
export const WATCH_GRACE = 10_000;

/** How long the server keeps a watch, from a random number between 0 and 1. */
export function watchSeconds(random: number): number {
  return Math.round(MIN_WATCH_SECONDS + random * (MAX_WATCH_SECONDS - MIN_WATCH_SECONDS));
}

/** Milliseconds after which a watch of so many seconds is ended here. */
export function watchDeadline(seconds: number, grace = WATCH_GRACE): number {
  return seconds * 1_000 + grace;
}
