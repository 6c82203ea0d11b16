import { expect, test } from "vitest";
import { CONNECTION_TIMEOUT, KEEP_ALIVE_TIMEOUT } from "../../src/server/limits.ts";
import { idleSweep } from "../support/idle-sweep.ts";
import { webhook } from "../support/webhook.ts";

/** A hundred times as fast; test/e2e/keep-alive.test.ts runs the same at full length. */
const SCALE = 1 / 100;

test("no call fails on a connection that was idle for 60 to 125 s, at a hundredth of the time", async () => {
  const { port, ca } = await webhook({
    prepare: ({ server }) => {
      server.setTimeout(CONNECTION_TIMEOUT * SCALE);
      server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT * SCALE;
    },
  });
  const swept = await idleSweep(port, ca, SCALE);
  expect(swept.filter(({ outcome }) => outcome !== 200)).toEqual([]);
  expect(swept.length).toBeGreaterThan(10);
});
