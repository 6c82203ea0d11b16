import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { SEED_VARIABLE, testSeed } from "../support/seed.ts";

const REVIEWS = 20_000;
/** The same in each run, so that a change fails only for its own bugs. `npm run fuzz` uses a new one. */
const USUAL_SEED = 1;
/** Milliseconds. 20,000 reviews take minutes on a busy machine. */
const LONG_TEST = 600_000;

// In its own process, where the heap has no other objects and can be collected.
test(`${REVIEWS} random reviews keep every rule, and the heap is flat`, { timeout: LONG_TEST }, async () => {
  const args = ["--expose-gc", ofCheckout("scripts/fuzz.ts"), String(REVIEWS)];
  const env = { [SEED_VARIABLE]: String(testSeed(USUAL_SEED)) };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  console.info(stdout);
  expect(Number(/^(\d+) reviews/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(REVIEWS);
});
