import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../src/certs/self-signed.ts";
import { mutated } from "./answers.ts";
import type { LoadOptions, LoadResult, Target } from "./load.ts";
import { runProgram } from "./processes.ts";
import { firstAnswer, type MeasuredServer, ready, startBareServer, startPeer, startWebhook } from "./servers.ts";
import { createReview, imageObject, isoImage, MEANT, type ReviewOptions } from "./workload.ts";

export const SERVER_NAMES = ["bare", "silent", "logged", "peer"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export interface ReviewPlan {
  /** The bundle or the sources. */
  readonly program: string;
  readonly images: number;
  /** Sets of new processes: processes of the same program differ in speed by several percent. */
  readonly processes: number;
  readonly withPeer: boolean;
  /** For each set, and for growth. */
  readonly load: Omit<LoadOptions, "targets">;
}

/** Reviews that show how the cost grows. The first one is the review that all servers get. */
const GROWTH: readonly ReviewOptions[] = [{}, { cdroms: 16 }, { cdroms: 64 }, { managers: 60 }, { managers: 600 }];

/** The results of each server in all sets. The peer may be missing. */
export type MeasuredReviews = Readonly<Partial<Record<ServerName, readonly LoadResult[]>>>;

/** Files for the servers. */
interface Provided {
  readonly certDir: string;
  readonly imageDir: string;
  readonly imageFile: string;
  readonly logFile: string;
}

/** Measures servers that take turns, each a process on the same core. */
export async function measureReviews(folder: string, plan: ReviewPlan): Promise<MeasuredReviews> {
  const provided = await provide(folder, plan.images);
  const results: LoadResult[] = [];
  for (let number = 0; number < plan.processes; number++) {
    results.push(...(await measureProcesses(provided, plan)));
    process.stdout.write(`set ${number + 1} of ${plan.processes} is measured\n`);
  }
  return Object.groupBy(results, ({ name }) => name);
}

/** Measures one process, whose reviews take turns. */
export async function measureGrowth(folder: string, plan: ReviewPlan): Promise<readonly LoadResult[]> {
  const { certDir, imageDir } = await provide(join(folder, "growth"), plan.images);
  const server = await startWebhook({ program: plan.program, certDir, flags: ["--images", imageDir] });
  try {
    await ready(server);
    const targets: Target[] = [];
    for (const options of GROWTH) {
      const body = createReview(options);
      const references = options.cdroms === undefined ? "1 reference" : `${1 + options.cdroms} references`;
      const name = `${references}, ${Math.round(body.length / 1_000)} kB`;
      targets.push(await targetOf(name, server, body));
    }
    // They warm each other up.
    const warmUpCalls = plan.load.warmUpCalls / GROWTH.length;
    return await runLoad({ ...plan.load, targets, warmUpCalls, pacedSeconds: 0 });
  } finally {
    await server.stop();
  }
}

export async function runLoad(options: LoadOptions): Promise<readonly LoadResult[]> {
  return (await runProgram("measuring", "load.ts", options)) as readonly LoadResult[];
}

/** A target whose first answer is right. Later answers must be equal to it. */
export async function targetOf(name: string, server: MeasuredServer, body: string): Promise<Target> {
  const expected = mutated(body, await firstAnswer(server, body));
  const { spec } = expected as { spec?: { imageName?: unknown } };
  if (spec?.imageName !== MEANT.name) throw new Error(`${name}: spec.imageName is ${String(spec?.imageName)}`);
  const { pid, port, ca } = server;
  return { name, pid, port, ca, body, expected };
}

async function measureProcesses(provided: Provided, plan: ReviewPlan): Promise<readonly LoadResult[]> {
  const { certDir, imageDir, imageFile, logFile } = provided;
  const common = { program: plan.program, certDir, flags: ["--images", imageDir] };
  const body = createReview();
  const servers: Partial<Record<ServerName, MeasuredServer>> = {};
  try {
    servers.silent = await startWebhook(common);
    servers.logged = await startWebhook({ ...common, logFile });
    await Promise.all([ready(servers.silent), ready(servers.logged)]);
    if (plan.withPeer) servers.peer = await startPeer(certDir, imageFile);
    servers.bare = await startBareServer(certDir, await firstAnswer(servers.silent, body));
    // All servers must change the object of the review as this program does.
    const { expected } = await targetOf("silent", servers.silent, body);
    const targets: Target[] = [];
    for (const name of SERVER_NAMES) {
      const server = servers[name];
      if (server !== undefined) targets.push({ ...(await targetOf(name, server, body)), expected });
    }
    return await runLoad({ ...plan.load, targets });
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

/** Writes images and a certificate. */
async function provide(folder: string, images: number): Promise<Provided> {
  const [certDir, imageDir] = [join(folder, "certs"), join(folder, "images")];
  const imageFile = join(imageDir, "images.json");
  await writeSelfSigned(certDir, await selfSigned(LOCAL_HOSTS, new Date()));
  await mkdir(imageDir);
  const isos = Math.max(...GROWTH.map(({ cdroms = 0 }) => cdroms));
  const items = [
    ...Array.from({ length: images }, (_, position) => imageObject(position)),
    ...Array.from({ length: isos }, (_, position) => isoImage(position)),
  ];
  await writeFile(imageFile, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return { certDir, imageDir, imageFile, logFile: join(folder, "log") };
}
