import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The output of the script for these reports. */
async function report(files: Readonly<Record<string, string>>, more: readonly string[] = []): Promise<string> {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const paths = [...Object.keys(files), ...more].map((file) => join(folder, file));
  return (await promisify(execFile)(process.execPath, [ofCheckout("scripts/test-report.ts"), ...paths])).stdout;
}

function vitestReport(numPassedTests: number, numFailedTests: number, testResults: readonly object[] = []): string {
  return JSON.stringify({ numPassedTests, numFailedTests, testResults });
}

test("adds up the reports of all runners", async () => {
  const files = {
    "unit.json": vitestReport(40, 2),
    "bundle.txt": "log\n1 passed, 0 failed\n",
    "e2e.json": vitestReport(7, 1),
    "e2e-oldest.json": vitestReport(5, 2),
  };
  expect(await report(files)).toBe("53 passed, 5 failed\n");
});

test("adds nothing for a runner that did not run", async () => {
  expect(await report({ "unit.json": vitestReport(3, 0), "bundle.txt": "" }, ["e2e.json"])).toBe(
    "3 passed, 0 failed\n",
  );
});

test("counts a test file that could not be loaded as a failure", async () => {
  const results = [
    { status: "failed", assertionResults: [] },
    { status: "failed", assertionResults: [{}] },
    { status: "passed", assertionResults: [{}] },
  ];
  expect(await report({ "unit.json": vitestReport(1, 1, results) })).toBe("1 passed, 2 failed\n");
});
