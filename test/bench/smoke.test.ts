import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const BENCH = join(import.meta.dirname, "../../bench");

/** Runs a bench on few images, for a moment: whether it works, whatever it measures. */
async function smoke(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(BENCH, program), "--smoke"]);
  return stdout;
}

it("npm run bench works, and no call of its load fails", { timeout: 180_000 }, async () => {
  expect(await smoke("review.ts")).toMatch(/^[1-9]\d* calls, 0 failed$/m);
});

it("npm run bench:index works, measures every figure, and no call fails", { timeout: 180_000 }, async () => {
  expect(await smoke("image-index.ts")).toMatch(/^32 figures, 0 failed calls$/m);
});
