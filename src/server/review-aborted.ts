import type { ServerResponse } from "node:http";
import { MARGIN_SHARE, MAX_MARGIN } from "./limits.ts";

/** A review ends without a decision: its client went away, or its time is over. */
export class ReviewAborted extends Error {
  readonly why: "canceled" | "timeout";

  constructor(why: ReviewAborted["why"]) {
    super(why);
    this.why = why;
  }
}

/** How long a review may wait, of the milliseconds that its caller waits: the rest is for the way of the answer. */
export function waitWithin(timeout: number): number {
  return timeout - Math.min(MAX_MARGIN, timeout * MARGIN_SHARE);
}

/**
 * The result of the work. Rejects with a ReviewAborted when the response's connection closes, or after so many milliseconds,
 * whether or not the work notices; leaves no timer and no listener behind.
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
