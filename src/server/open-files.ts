import { ASKED_SHARE, MAX_CONNECTIONS, MAX_OPS_CONNECTIONS, MAX_REVIEWS, OTHER_FILES } from "./limits.ts";

/** How many connections each server may have. */
export interface ConnectionLimits {
  readonly admission: number;
  readonly ops: number;
  /** Reviews under way: a review beyond the connections would be cut, not answered 503. */
  readonly reviews: number;
}

/**
 * Limits of connections that fit a limit of open files: each connection takes one. `undefined` is no limit. Where the
 * files do not suffice for both servers, they get their share of what there is, at least four each.
 */
export function connectionLimits(openFiles: number | undefined): ConnectionLimits {
  const wanted = MAX_CONNECTIONS + MAX_OPS_CONNECTIONS;
  const share = Math.min(1, ((openFiles ?? Infinity) - OTHER_FILES) / wanted);
  const within = (max: number): number => Math.max(4, Math.floor(max * share));
  const admission = within(MAX_CONNECTIONS);
  const reviews = Math.min(MAX_REVIEWS, Math.floor(admission * ASKED_SHARE));
  return { admission, ops: within(MAX_OPS_CONNECTIONS), reviews };
}
