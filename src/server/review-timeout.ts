import { durationOf } from "../common/duration.ts";
import { DEFAULT_REVIEW_TIMEOUT, MAX_REVIEW_TIMEOUT } from "./limits.ts";

/** As Fastify parses it: a list where a name comes more than once. */
export interface ReviewQuery {
  readonly timeout?: string | readonly string[];
}

/**
 * How long the API server waits for this answer, in milliseconds, from the query `?timeout=5s` (apiserver
 * pkg/util/webhook: a Go duration, in practice whole seconds), of which the first counts. At most MAX_REVIEW_TIMEOUT;
 * DEFAULT_REVIEW_TIMEOUT for any other text.
 */
export function reviewTimeout({ timeout }: ReviewQuery): number {
  const [text = ""] = [timeout].flat();
  const given = durationOf(text);
  return Math.min(given ?? DEFAULT_REVIEW_TIMEOUT, MAX_REVIEW_TIMEOUT);
}
