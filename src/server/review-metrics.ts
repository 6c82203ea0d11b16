import type { Decision } from "../admission/decide.ts";
import type { Endpoint } from "../references/target.ts";

/** Counts reviews. */
export interface ReviewMetrics {
  /** The headers of a call are in. */
  reviewStarted(endpoint: Endpoint): void;
  /** The call is over after so many milliseconds, with the HTTP status of its answer or CALLER_GONE. */
  reviewEnded(endpoint: Endpoint, status: number, milliseconds: number): void;
  decided(endpoint: Endpoint, decision: Decision): void;
  /** A review was rejected unread: there were too many. */
  shed(endpoint: Endpoint): void;
}

/** The caller went away before its answer was sent: nginx's status for that, which no answer has. */
export const CALLER_GONE = 499;
