import { durationOf } from "../duration.ts";
import { DEFAULT_REVIEW_TIMEOUT } from "./limits.ts";

/**
 * How long the API server waits for this answer, in milliseconds, from `?timeout=5s` of the request's URL (apiserver
 * pkg/util/webhook: a Go duration, in practice whole seconds). What cannot be read is the default.
 */
export function reviewTimeout(url: string): number {
  const [, text = ""] = TIMEOUT.exec(url) ?? [];
  return durationOf(text) ?? DEFAULT_REVIEW_TIMEOUT;
}

const TIMEOUT = /[?&]timeout=([^&#]*)/;
