import type { ServerResponse } from "node:http";
import { LONGEST_MARGIN, MARGIN_SHARE } from "./limits.ts";

/** Nobody waits for this review any more: the caller went away, or its time is over. */
export class ReviewEnd extends Error {
  readonly why: "canceled" | "timeout";

  constructor(why: ReviewEnd["why"]) {
    super(why);
    this.why = why;
  }
}

/** How long a review may wait, of the milliseconds that its caller waits: the rest is for the answer to get there. */
export function waitWithin(timeout: number): number {
  return timeout - Math.min(LONGEST_MARGIN, timeout * MARGIN_SHARE);
}

/**
 * What the work gives. Rejects with a ReviewEnd when the response's connection closes or so many milliseconds are over
 * before, whether or not the work takes notice; leaves no timer and no listener behind.
 */
export async function unlessEnded<T>(work: Promise<T>, response: ServerResponse, milliseconds: number): Promise<T> {
  const end = Promise.withResolvers<never>();
  const onClose = (): void => {
    end.reject(new ReviewEnd("canceled"));
  };
  const timer = setTimeout(() => {
    end.reject(new ReviewEnd("timeout"));
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
