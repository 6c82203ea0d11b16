import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds. */
const DEADLINE = 20_000;
const INTERVAL = 5;

/** Resolves as soon as `holds` returns true. Throws with `what` after the deadline. */
export async function condition(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await delay(INTERVAL);
  }
}
