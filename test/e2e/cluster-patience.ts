import { setTimeout as delay } from "node:timers/promises";

const INTERVAL = 50;

/** What a look saw: undefined is what was waited for, a text is what there was instead. */
export type Look = () => Promise<string | undefined>;

/** Milliseconds. Far beyond what news takes on a busy machine. */
export const SOON = 30_000;
/**
 * Milliseconds. The longest wait of the webhook after a trouble is a minute (rights are missing), and a start of the
 * API server comes on top.
 */
export const IN_THE_END = 110_000;
/** For the test around such a wait. */
export const LONG_TEST = 2 * IN_THE_END;

/** Looks until it is so; where it never is, the test fails with what was seen last. */
export async function eventuallySees(what: string, look: Look, deadline = SOON): Promise<void> {
  const end = Date.now() + deadline;
  for (;;) {
    const seen = await look();
    if (seen === undefined) return;
    if (Date.now() > end) throw new Error(`waited ${deadline} ms in vain until ${what}; there is still: ${seen}`);
    await delay(INTERVAL);
  }
}

/** Looks again and again for so long; it must be so each time. Gives how many looks there were. */
export async function staysSo(what: string, look: Look, milliseconds: number): Promise<number> {
  const end = Date.now() + milliseconds;
  let looks = 0;
  do {
    const seen = await look();
    if (seen !== undefined) throw new Error(`${what} did not stay so: ${seen}`);
    looks++;
    await delay(INTERVAL);
  } while (Date.now() < end);
  return looks;
}
