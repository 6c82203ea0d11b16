import type { Decision } from "../admission/decide.ts";
import type { Endpoint } from "../references/subject.ts";

/** Who counts reviews. */
export interface ReviewMetrics {
  /** The headers of a call are in. */
  reviewStarted(endpoint: Endpoint): void;
  /** The call is over, whatever became of it, so many milliseconds later: with the HTTP status of its answer. */
  reviewEnded(endpoint: Endpoint, status: number, milliseconds: number): void;
  decided(endpoint: Endpoint, decision: Decision): void;
  /** A review that was not looked at, because there were too many. */
  shed(endpoint: Endpoint): void;
}

/** The caller had gone before the answer was written: nginx's status, which no answer ever has. */
export const CALLER_GONE = 499;
