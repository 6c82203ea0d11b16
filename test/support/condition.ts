import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds. */
const DEADLINE = 20_000;
const INTERVAL = 5;

/** Resolves as soon as `holds` is true. Rejects with the text `what` after a deadline. */
export async function condition(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await delay(INTERVAL);
  }
}
