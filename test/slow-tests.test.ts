import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { SLOW_TESTS } from "./slow-tests.ts";
import { ofCheckout } from "./support/command-run.ts";

it.each(SLOW_TESTS)("%s exists, so that npm test leaves it out", (file) => {
  expect(existsSync(ofCheckout(file))).toBe(true);
});
