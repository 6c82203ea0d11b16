import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds. Many times what any wait takes on a busy machine. */
const DEADLINE = 30_000;
const INTERVAL = 100;

/** Waits until the condition holds. After the deadline, the test fails with `what`. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${DEADLINE} ms in vain until ${what}`);
    await delay(INTERVAL);
  }
}
