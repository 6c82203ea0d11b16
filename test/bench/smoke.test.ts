import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Milliseconds. The processes of a benchmark start one after the other, each within seconds on a busy machine. */
const LONG_TEST = 180_000;
const BENCH = join(import.meta.dirname, "../../bench");

/** Runs a benchmark briefly on few images: it shows that the benchmark works, and its figures mean nothing. */
async function smoke(program: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(BENCH, program), "--smoke", ...flags]);
  return stdout;
}

it("npm run bench works without its peer, and no call of its load fails", { timeout: LONG_TEST }, async () => {
  expect(await smoke("review.ts", "--without-peer")).toMatch(/^[1-9]\d* calls, 0 failed$/m);
});

it("npm run bench:index works, measures every figure, and no call fails", { timeout: LONG_TEST }, async () => {
  const output = await smoke("image-index.ts");
  expect(output).toMatch(/^[1-9]\d* calls, 0 failed$/m);
  expect(output).not.toMatch(/\| - +\|/);
});
