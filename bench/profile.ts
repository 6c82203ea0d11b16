import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CpuProfile, summarise } from "./cpu-profile.ts";
import type { LoadOptions } from "./load-options.ts";
import { runProgram } from "./processes.ts";
import { provide, rightAnswer, type ReviewPlan } from "./review-rounds.ts";
import { startWebhook } from "./servers.ts";
import { createReview, MEANT } from "./workload.ts";

const SECONDS = 10;

/** Prints where the time of reviews goes, with the log silent and with it written into a file; leaves the profiles. */
export async function profileReviews(folder: string, plan: ReviewPlan): Promise<void> {
  const common = { program: plan.program, ...(await provide(folder, plan.images)) };
  for (const name of ["silent", "logged"] as const) {
    const directory = join(import.meta.dirname, "profiles", name);
    await mkdir(directory, { recursive: true });
    const logFile = name === "logged" ? { logFile: join(folder, "log") } : {};
    const nodeFlags = ["--cpu-prof", "--cpu-prof-dir", directory, "--cpu-prof-interval", "250"];
    const server = await startWebhook({ ...common, ...logFile, name, nodeFlags });
    const { port, ca } = server;
    try {
      const options: LoadOptions = {
        port,
        ca,
        connections: 8,
        seconds: SECONDS,
        body: createReview(MEANT),
        expected: await rightAnswer(server),
      };
      await runProgram("measuring", "load.ts", options);
    } finally {
      await server.stop();
    }
    const newest = (await readdir(directory)).toSorted().at(-1) ?? "";
    process.stdout.write(`\nlog ${name}: ${join(directory, newest)}\n`);
    process.stdout.write(`${summarise(JSON.parse(await readFile(join(directory, newest), "utf8")) as CpuProfile)}\n`);
  }
}
