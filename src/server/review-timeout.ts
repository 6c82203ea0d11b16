import { durationOf } from "../common/duration.ts";
import { DEFAULT_REVIEW_TIMEOUT, MAX_REVIEW_TIMEOUT } from "./limits.ts";

/** As Fastify parses it: a list where a name comes more than once. */
export interface ReviewQuery {
  readonly timeout?: string | readonly string[];
}

/**
 * How long the API server waits for the answer, in milliseconds, from the query `?timeout=5s`: a Go duration, in practice
 * whole seconds (apiserver pkg/util/webhook). The first value counts, up to MAX_REVIEW_TIMEOUT. Any other text means
 * DEFAULT_REVIEW_TIMEOUT, and so does 0: for the client of an API server that is "no timeout".
 */
export function reviewTimeout({ timeout }: ReviewQuery): number {
  const [text = ""] = [timeout].flat();
  const given = durationOf(text);
  if (given === undefined || given === 0) return DEFAULT_REVIEW_TIMEOUT;
  return Math.min(given, MAX_REVIEW_TIMEOUT);
}
