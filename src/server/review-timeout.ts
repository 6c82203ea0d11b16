import { durationOf } from "../duration.ts";
import { DEFAULT_REVIEW_TIMEOUT } from "./limits.ts";

/**
 * How long the API server waits for this answer, in milliseconds, from `?timeout=5s` (apiserver
 * pkg/util/webhook: a Go duration, in practice whole seconds). What cannot be read is the default.
 */
export function reviewTimeout(timeout: unknown): number {
  return (typeof timeout === "string" ? durationOf(timeout) : undefined) ?? DEFAULT_REVIEW_TIMEOUT;
}
