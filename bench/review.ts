/**
 * What a review costs beside what Node itself costs: `npm run bench`. Exits with 1 where a limit is missed; see
 * docs/performance.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { profileReviews } from "./profile.ts";
import { IS_PINNED } from "./processes.ts";
import { report } from "./results.ts";
import { figuresOf, REVIEW_FIGURES } from "./review-figures.ts";
import { measureReviews, type ReviewPlan } from "./review-rounds.ts";
import { BUNDLE, SOURCES } from "./servers.ts";

const FULL: ReviewPlan = {
  program: BUNDLE,
  images: 10_000,
  processes: 5,
  warmUpCalls: 60_000,
  uncounted: 8,
  rounds: 40,
  calls: 4_000,
  latencyRounds: 2,
  latency: { seconds: 2 },
};
/** Whether all of it works; it says nothing about time. */
const SMOKE: ReviewPlan = {
  program: SOURCES,
  images: 100,
  processes: 1,
  warmUpCalls: 300,
  uncounted: 0,
  rounds: 1,
  calls: 300,
  latencyRounds: 1,
  latency: { calls: 300 },
};

/** Below it something else ran on the core. */
const WHOLE_CORE = 0.95;

const { values: flags } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    processes: { type: "string", default: String(FULL.processes) },
  },
});
const folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-bench-"));
try {
  if (flags.profile) await profileReviews(folder, { ...FULL, program: SOURCES });
  else process.exitCode = (await bench()) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench(): Promise<boolean> {
  const plan = flags.smoke ? SMOKE : { ...FULL, processes: Number(flags.processes) };
  if (!IS_PINNED) process.stdout.write("servers and load share their cores: there is one, or no taskset\n");
  const measured = await measureReviews(folder, plan, (number, each) => {
    if (!flags.smoke) tell(`process ${number} of ${plan.processes}`, figuresOf(each));
  });
  const figures = figuresOf(measured);
  if (!flags.smoke) say(figures);
  if (!flags.smoke) return report({ bench: "review", rows: REVIEW_FIGURES, figures, write: flags.write });
  const { bare, silent, logged, failed } = measured;
  const calls = [bare, silent, logged].flatMap(({ turns }) => turns).reduce((sum, turn) => sum + turn.calls, 0);
  process.stdout.write(`${calls} calls, ${failed} failed\n`);
  return failed === 0 && calls > 0;
}

/** One line of what one process of each server came to: it shows how far processes of one program differ. */
function tell(
  which: string,
  { silentShare, loggedShare, bareCpu, silentCpu, loggedCpu }: ReturnType<typeof figuresOf>,
) {
  const shares = `log silent ${(100 * silentShare).toFixed(1)} %, into a file ${(100 * loggedShare).toFixed(1)} %`;
  const times = [bareCpu, silentCpu, loggedCpu].map((time) => time.toFixed(1)).join(", ");
  process.stdout.write(`${which}: ${shares}; bare, silent, logged: ${times} us\n`);
}

function say({ coreShare, clientShare }: Readonly<Record<"coreShare" | "clientShare", number>>): void {
  const told = (share: number): string => `${(100 * share).toFixed(0)} % of a core`;
  if (coreShare < WHOLE_CORE && clientShare < WHOLE_CORE) {
    process.stdout.write(`the machine is busy: servers got ${told(coreShare)}, so that these figures say little\n`);
  }
  if (clientShare >= WHOLE_CORE) process.stdout.write(`the load generator was the limit: ${told(clientShare)}\n`);
}
