import { setTimeout as delay } from "node:timers/promises";

/** Far beyond what any of it takes on a busy machine, in milliseconds. */
const DEADLINE = 30_000;
const INTERVAL = 100;

/** Waits until something is so; where it never is, the test fails with its name. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${DEADLINE} ms in vain until ${what}`);
    await delay(INTERVAL);
  }
}
