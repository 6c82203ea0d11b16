/**
 * Prints `N passed, N failed`, the sum of several reports: `node scripts/test-report.ts FILE...`. A report is JSON of
 * vitest, or text whose last line is such a sum. A missing file means that its runner did not run: it adds nothing.
 */
import { readFile } from "node:fs/promises";

interface Sum {
  readonly passed: number;
  readonly failed: number;
}

const NOTHING: Sum = { passed: 0, failed: 0 };

/** The parts of vitest's JSON report that count. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

let { passed, failed } = NOTHING;
for (const file of process.argv.slice(2)) {
  const sum = await sumOf(file);
  passed += sum.passed;
  failed += sum.failed;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);

async function sumOf(file: string): Promise<Sum> {
  try {
    const text = await readFile(file, "utf8");
    return file.endsWith(".json") ? sumOfReport(JSON.parse(text) as Report) : sumOfText(text);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return NOTHING;
    throw error;
  }
}

/** A test file that could not be loaded has no results: it counts as one failure. */
function sumOfReport({ numPassedTests, numFailedTests, testResults }: Report): Sum {
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
}

function sumOfText(text: string): Sum {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(text.trimEnd().split("\n").at(-1) ?? "") ?? [];
  return passed === undefined ? NOTHING : { passed: Number(passed), failed: Number(failed) };
}
