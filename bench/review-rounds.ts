import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../src/certs/self-signed.ts";
import type { Calls, Extent, Load, LoadOptions } from "./load-options.ts";
import type { PacedLoad, PacedLoadOptions } from "./paced-load.ts";
import { runProgram } from "./processes.ts";
import { type MeasuredServer, post, startBareServer, startWebhook } from "./servers.ts";
import { median, rotated } from "./statistics.ts";
import type { Turn, Turns, TurnsOptions } from "./turns.ts";
import { createReview, imageObject, MEANT } from "./workload.ts";

export interface ReviewPlan {
  /** The bundle or the sources. */
  readonly program: string;
  readonly images: number;
  /** Each with servers of its own: a process as a whole may be a fast or a slow one, by several points. */
  readonly processes: number;
  /** Of each server: until the compiler has seen enough, which counts calls. Before, a review takes several times as long. */
  readonly warmUpCalls: number;
  /** Turns of each server that do not count, for the load generator is compiled meanwhile. */
  readonly uncounted: number;
  /** Of each process. */
  readonly rounds: number;
  /** Of a turn. */
  readonly calls: number;
  /** Of each process. */
  readonly latencyRounds: number;
  /** Of a round at half load, for each server. */
  readonly latency: Extent;
}

/** What was measured of a server, in all of its processes. */
export interface Rounds {
  readonly turns: readonly Turn[];
  /** p99 in milliseconds, of each round at half load. */
  readonly latencies: readonly number[];
}

type ServerName = "bare" | "silent" | "logged";

export type MeasuredReviews = Readonly<Record<ServerName, Rounds>> & { readonly failed: number };

type MutableRounds = { turns: Turn[]; latencies: number[] };
type Contender = { readonly server: MeasuredServer; readonly rounds: MutableRounds };

/** API servers keep connections to a webhook alive, and share them. */
const CONNECTIONS = 8;

const BODY = createReview(MEANT);

/** What servers are started with. */
interface Provided {
  readonly program: string;
  readonly certDir: string;
  readonly flags: readonly string[];
  readonly logFile: string;
}

/** Tells of each set of processes, when it is through, what it came to. */
export async function measureReviews(
  folder: string,
  plan: ReviewPlan,
  told: (number: number, measured: MeasuredReviews) => void,
): Promise<MeasuredReviews> {
  const provided = { program: plan.program, logFile: join(folder, "log"), ...(await provide(folder, plan.images)) };
  const all: MeasuredReviews[] = [];
  for (let number = 1; number <= plan.processes; number++) {
    const measured = await measureProcesses(provided, plan);
    all.push(measured);
    told(number, measured);
  }
  const roundsOf = (name: ServerName): Rounds => ({
    turns: all.flatMap((each) => each[name].turns),
    latencies: all.flatMap((each) => each[name].latencies),
  });
  return {
    bare: roundsOf("bare"),
    silent: roundsOf("silent"),
    logged: roundsOf("logged"),
    failed: all.reduce((sum, each) => sum + each.failed, 0),
  };
}

/** One process of each server, all at once, which take turns: whatever else the machine does hits each of them alike. */
async function measureProcesses({ logFile, ...common }: Provided, plan: ReviewPlan): Promise<MeasuredReviews> {
  const servers: MeasuredServer[] = [];
  const started = (server: MeasuredServer): Contender => {
    servers.push(server);
    return { server, rounds: { turns: [], latencies: [] } };
  };
  try {
    const silent = started(await startWebhook({ ...common, name: "silent" }));
    const expected = await rightAnswer(silent.server);
    const logged = started(await startWebhook({ ...common, name: "logged", logFile }));
    const bare = started(await startBareServer(common.certDir, expected));
    const contenders = [bare, silent, logged];
    let failed = await warmUp(contenders, plan.warmUpCalls, expected);
    failed += await takeTurns(contenders, plan, expected);
    failed += await measureLatencies(contenders, plan, expected);
    return { bare: bare.rounds, silent: silent.rounds, logged: logged.rounds, failed };
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** Images and a certificate for the servers. */
export async function provide(folder: string, images: number): Promise<{ certDir: string; flags: readonly string[] }> {
  const [certDir, imageDir] = [join(folder, "certs"), join(folder, "images")];
  await writeSelfSigned(certDir, await selfSigned(LOCAL_HOSTS, new Date()));
  await mkdir(imageDir);
  const items = Array.from({ length: images }, (_, position) => imageObject(position, String(position + 1)));
  await writeFile(join(imageDir, "images.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return { certDir, flags: ["--images", imageDir] };
}

/** The answer, byte for byte, after a look at whether it is what a person wants: every later one must be the same. */
export async function rightAnswer(server: MeasuredServer): Promise<string> {
  const { status, text } = await answerOf(server);
  const { response } = JSON.parse(text) as { response?: { allowed?: boolean; patch?: string } };
  const patch = Buffer.from(response?.patch ?? "", "base64").toString("utf8");
  const isRight =
    status === 200 && response?.allowed === true && patch.includes(`"path":"/spec/imageName","value":"${MEANT.name}"`);
  if (!isRight) throw new Error(`the review is answered ${status}: ${text}`);
  return text;
}

/** For a moment after its start a server may call itself overloaded: it has just read all its images. */
async function answerOf(server: MeasuredServer): Promise<{ status: number; text: string }> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = await post(server, BODY);
    if (answer.status !== 503) return answer;
    await delay(100);
  }
  throw new Error(`${server.name} answers 503 for 5 s`);
}

/** Gives how many calls failed. */
async function warmUp(contenders: readonly Contender[], calls: number, expected: string): Promise<number> {
  let failed = 0;
  for (const { server } of contenders) {
    const options: LoadOptions = { ...callsOf(server, expected), calls };
    failed += ((await runProgram("measuring", "load.ts", options)) as Load).failed;
  }
  return failed;
}

/** Gives how many calls failed. */
async function takeTurns(
  contenders: readonly Contender[],
  { rounds: turns, uncounted, calls }: ReviewPlan,
  expected: string,
): Promise<number> {
  const servers = contenders.map(({ server }) => ({ ...callsOf(server, expected), pid: server.pid, calls }));
  const options: TurnsOptions = { servers, turns, uncounted };
  const taken = (await runProgram("measuring", "turns.ts", options)) as Turns;
  for (const [position, { rounds }] of contenders.entries()) rounds.turns.push(...(taken.turns[position] ?? []));
  return taken.failed;
}

/** At half of their throughput; the bare server at half of the slowest one's. Gives how many calls failed. */
async function measureLatencies(
  contenders: readonly Contender[],
  { latencyRounds, latency }: ReviewPlan,
  expected: string,
): Promise<number> {
  const slowest = Math.min(...contenders.map(({ rounds }) => median(throughput(rounds))));
  let failed = 0;
  for (let round = 0; round < latencyRounds; round++) {
    for (const { server, rounds } of rotated(contenders, round)) {
      const own = server.name === "bare" ? slowest : median(throughput(rounds));
      const options: PacedLoadOptions = { ...callsOf(server, expected), ...latency, rate: own / 2 };
      const paced = (await runProgram("measuring", "paced-load.ts", options)) as PacedLoad;
      rounds.latencies.push(paced.p99);
      failed += paced.failed;
    }
  }
  return failed;
}

function callsOf({ port, ca }: MeasuredServer, expected: string): Calls {
  return { port, ca, connections: CONNECTIONS, body: BODY, expected };
}

/** Calls a second, of each round. */
export function throughput({ turns }: Rounds): readonly number[] {
  return turns.map(({ calls, seconds }) => calls / seconds);
}
