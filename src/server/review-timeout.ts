import { durationOf } from "../duration.ts";
import { DEFAULT_REVIEW_TIMEOUT } from "./limits.ts";

/**
 * How long the API server waits for this answer, in milliseconds, from `?timeout=5s` of the request's URL (apiserver
 * pkg/util/webhook: a Go duration, in practice whole seconds). What cannot be read is the default.
 */
export function reviewTimeout(url: string): number {
  if (url !== last.url) last = { url, timeout: readTimeout(url) };
  return last.timeout;
}

/** API servers ask a webhook by one URL each, and most by the same. */
let last = { url: "", timeout: DEFAULT_REVIEW_TIMEOUT };

function readTimeout(url: string): number {
  const [, text = ""] = TIMEOUT.exec(url) ?? [];
  return durationOf(text) ?? DEFAULT_REVIEW_TIMEOUT;
}

const TIMEOUT = /[?&]timeout=([^&#]*)/;
