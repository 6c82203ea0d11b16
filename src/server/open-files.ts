import { MAX_CONNECTIONS, MAX_OPS_CONNECTIONS, MAX_REVIEWS, OTHER_FILES, USED_SHARE } from "./limits.ts";

/** How many connections each server may have. */
export interface ConnectionLimits {
  readonly admission: number;
  readonly ops: number;
  /** Reviews under way. With more of them than connections, an excess review would be cut instead of answered 503. */
  readonly reviews: number;
}

/**
 * Limits of connections that fit a limit of open files, because each connection takes one; `undefined` means no limit.
 * Where the files do not suffice, both servers get their share of them, at least four each.
 */
export function connectionLimits(openFiles: number | undefined): ConnectionLimits {
  const wanted = MAX_CONNECTIONS + MAX_OPS_CONNECTIONS;
  const share = Math.min(1, ((openFiles ?? Infinity) - OTHER_FILES) / wanted);
  const shareOf = (max: number): number => Math.max(4, Math.floor(max * share));
  const admission = shareOf(MAX_CONNECTIONS);
  const reviews = Math.min(MAX_REVIEWS, Math.floor(admission * USED_SHARE));
  return { admission, ops: shareOf(MAX_OPS_CONNECTIONS), reviews };
}
