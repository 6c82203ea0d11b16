/** Attacks a server with all cases, or with one: `npm run attack -- --case NAME`. Exits with 1 where one is not as expected. */
import { parseArgs } from "node:util";
import { messageOf } from "../../src/common/failure.ts";
import type { AttackCase } from "./case.ts";
import { CASES } from "./cases.ts";
import { heading, notRun, reportOf } from "./report.ts";
import { descriptorLimit, runCase } from "./run.ts";

const { values } = parseArgs({ options: { case: { type: "string" } } });
const chosen = values.case === undefined ? CASES : CASES.filter(({ name }) => name === values.case);
if (chosen.length === 0) {
  process.stderr.write(`no case "${String(values.case)}"; there is ${CASES.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
print(heading());
let isGood = true;
for (const each of chosen) isGood = (await attackWith(each)) && isGood;
process.exit(isGood ? 0 : 1);

/** Runs one case and prints its row. Returns whether it was as expected. */
async function attackWith(attackCase: AttackCase): Promise<boolean> {
  const { name, descriptors, expectations } = attackCase;
  const limit = descriptorLimit();
  if (!(limit >= descriptors)) {
    print(notRun(name, `it needs ${descriptors} open files, and the limit (ulimit -n) is ${limit}`));
    return false;
  }
  try {
    const outcome = await runCase(attackCase);
    const misses = expectations.flatMap((expectation) => expectation(outcome));
    print(reportOf(name, outcome, misses));
    return misses.length === 0;
  } catch (error) {
    print(notRun(name, messageOf(error)));
    return false;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
