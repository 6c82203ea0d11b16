import type { ServerResponse } from "node:http";
import { MARGIN_SHARE, MAX_MARGIN } from "./limits.ts";

/** Thrown where a review ends without a decision: its client went away, or its time is over. */
export class ReviewAborted extends Error {
  readonly why: "canceled" | "timeout";

  constructor(why: ReviewAborted["why"]) {
    super(why);
    this.why = why;
  }
}

/** Milliseconds within which a decision must be made. The rest of the caller's timeout is for the answer's way back. */
export function timeForDecision(timeout: number): number {
  return timeout - Math.min(MAX_MARGIN, timeout * MARGIN_SHARE);
}

/**
 * The result of the work. Rejects with a ReviewAborted when the connection of the response closes, and after so many
 * milliseconds; the work itself is not stopped. Leaves no timer and no listener behind.
 */
export async function raceClose<T>(work: Promise<T>, response: ServerResponse, milliseconds: number): Promise<T> {
  const end = Promise.withResolvers<never>();
  const onClose = (): void => {
    end.reject(new ReviewAborted("canceled"));
  };
  const timer = setTimeout(() => {
    end.reject(new ReviewAborted("timeout"));
  }, milliseconds);
  if (response.destroyed) onClose();
  response.once("close", onClose);
  try {
    return await Promise.race([end.promise, work]);
  } finally {
    clearTimeout(timer);
    response.off("close", onClose);
  }
}
