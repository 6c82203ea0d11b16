import type { Decision } from "../admission/decide.ts";
import type { Endpoint } from "../references/target.ts";

/** Counts reviews. */
export interface ReviewMetrics {
  /** The headers of a request are complete. */
  reviewStarted(endpoint: Endpoint): void;
  /** The request ended after so many milliseconds, with the HTTP status of its answer or CALLER_GONE. */
  reviewEnded(endpoint: Endpoint, status: number, milliseconds: number): void;
  reviewDecided(endpoint: Endpoint, decision: Decision): void;
  /** The review was rejected unread, because of overload. */
  reviewRejected(endpoint: Endpoint): void;
}

/** The status of a request whose caller went away before its answer: nginx's number, which no answer has. */
export const CALLER_GONE = 499;
