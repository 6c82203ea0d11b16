import { setTimeout as delay } from "node:timers/promises";

const INTERVAL = 50;

/** Result of a poll: undefined where the awaited state is there, otherwise a text that describes the current one. */
export type Poll = () => Promise<string | undefined>;

/** Milliseconds. Many times what a change takes to arrive on a busy machine. */
export const SOON = 30_000;
/**
 * Milliseconds. The longest backoff of the webhook is a minute (missing rights), and a start of the API server may come
 * on top.
 */
export const IN_THE_END = 110_000;
/** Timeout of a test with such a wait. */
export const LONG_TEST = 2 * IN_THE_END;

/** Polls until the state is there. After the deadline, the test fails with the last result. */
export async function eventuallySees(what: string, poll: Poll, deadline = SOON): Promise<void> {
  const end = Date.now() + deadline;
  for (;;) {
    const seen = await poll();
    if (seen === undefined) return;
    if (Date.now() > end) throw new Error(`waited ${deadline} ms in vain until ${what}; the last poll gave: ${seen}`);
    await delay(INTERVAL);
  }
}

/** Polls for this time. Each result must be undefined. Returns the number of polls. */
export async function staysSo(what: string, poll: Poll, milliseconds: number): Promise<number> {
  const end = Date.now() + milliseconds;
  let polls = 0;
  do {
    const seen = await poll();
    if (seen !== undefined) throw new Error(`${what} did not stay so: ${seen}`);
    polls++;
    await delay(INTERVAL);
  } while (Date.now() < end);
  return polls;
}
