import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const BENCH = join(import.meta.dirname, "../../bench");

/** Runs a bench on few images, for a moment: whether it works, whatever it measures. */
async function smoke(program: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(BENCH, program), "--smoke", ...flags]);
  return stdout;
}

it("npm run bench works without its peer, and no call of its load fails", { timeout: 180_000 }, async () => {
  expect(await smoke("review.ts", "--without-peer")).toMatch(/^[1-9]\d* calls, 0 failed$/m);
});

it("npm run bench:index works, measures every figure, and no call fails", { timeout: 180_000 }, async () => {
  const output = await smoke("image-index.ts");
  expect(output).toMatch(/^[1-9]\d* calls, 0 failed$/m);
  expect(output).not.toMatch(/\| - +\|/);
});
