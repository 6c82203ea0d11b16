import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../src/certs/self-signed.ts";
import type { Load, LoadOptions } from "./load-options.ts";
import type { PacedLoad, PacedLoadOptions } from "./paced-load.ts";
import { cpuSeconds, runProgram } from "./processes.ts";
import { type MeasuredServer, post, startBareServer, startWebhook } from "./servers.ts";
import { median } from "./statistics.ts";
import { createReview, imageObject, MEANT } from "./workload.ts";

export interface ReviewPlan {
  /** The bundle or the sources. */
  readonly program: string;
  readonly images: number;
  readonly rounds: number;
  /** Of a round, for each server. */
  readonly seconds: number;
  readonly latencyRounds: number;
  /** Instead of the seconds: calls of a round. */
  readonly calls?: number;
}

/** What was measured of one server. */
export interface Rounds {
  readonly loads: readonly (Load & { readonly cpuSeconds: number })[];
  /** p99 in milliseconds, of each round at half load. */
  readonly latencies: readonly number[];
}

export interface MeasuredReviews {
  readonly bare: Rounds;
  readonly silent: Rounds;
  readonly logged: Rounds;
  readonly calls: number;
  readonly failed: number;
}

type MutableRounds = { loads: Rounds["loads"][number][]; latencies: number[] };
type Contender = { readonly server: MeasuredServer; readonly rounds: MutableRounds };

/** API servers keep connections to a webhook alive, and share them. */
const CONNECTIONS = 8;
/** Until the compiler has seen enough: it counts calls, not seconds, and before that a review takes several times as long. */
const WARM_UP_CALLS = 60_000;

const BODY = createReview(MEANT);

/** All servers at once, which take turns: whatever else the machine does hits each of them alike. */
export async function measureReviews(folder: string, plan: ReviewPlan): Promise<MeasuredReviews> {
  const common = { program: plan.program, ...(await provide(folder, plan.images)) };
  const servers: MeasuredServer[] = [];
  const started = (server: MeasuredServer): Contender => {
    servers.push(server);
    return { server, rounds: { loads: [], latencies: [] } };
  };
  try {
    const silent = started(await startWebhook({ ...common, name: "silent" }));
    const expected = await rightAnswer(silent.server);
    const logged = started(await startWebhook({ ...common, name: "logged", logFile: join(folder, "log") }));
    const bare = started(await startBareServer(common.certDir, expected));
    const failed = await takeTurns([bare, silent, logged], plan, expected);
    const measured = { bare: bare.rounds, silent: silent.rounds, logged: logged.rounds };
    const calls = [bare, silent, logged]
      .flatMap(({ rounds }) => rounds.loads)
      .reduce((sum, load) => sum + load.calls, 0);
    return { ...measured, calls, failed };
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

async function takeTurns(contenders: readonly Contender[], plan: ReviewPlan, expected: string): Promise<number> {
  const { calls } = plan;
  const optionsFor = ({ port, ca }: MeasuredServer, seconds: number): LoadOptions => {
    const common = { port, ca, connections: CONNECTIONS, seconds, body: BODY, expected };
    return calls === undefined ? common : { ...common, calls };
  };
  let failed = 0;
  for (const { server } of contenders) {
    const options = { calls: WARM_UP_CALLS, ...optionsFor(server, plan.seconds) };
    failed += ((await runProgram("measuring", "load.ts", options)) as Load).failed;
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const { server, rounds } of rotated(contenders, round)) {
      const before = cpuSeconds(server.pid);
      const load = (await runProgram("measuring", "load.ts", optionsFor(server, plan.seconds))) as Load;
      rounds.loads.push({ ...load, cpuSeconds: cpuSeconds(server.pid) - before });
      failed += load.failed;
    }
  }
  const slowest = Math.min(...contenders.map(({ rounds }) => median(throughput(rounds))));
  for (let round = 0; round < plan.latencyRounds; round++) {
    for (const { server, rounds } of rotated(contenders, round)) {
      const own = server.name === "bare" ? slowest : median(throughput(rounds));
      const options: PacedLoadOptions = { ...optionsFor(server, plan.seconds), rate: own / 2 };
      const paced = (await runProgram("measuring", "paced-load.ts", options)) as PacedLoad;
      rounds.latencies.push(paced.p99);
      failed += paced.failed;
    }
  }
  return failed;
}

/** Calls a second, of each round. */
export function throughput({ loads }: Rounds): readonly number[] {
  return loads.map(({ calls, seconds }) => calls / seconds);
}

/** Nobody always comes first, nor always after the same one. */
export function rotated<T>(all: readonly T[], round: number): readonly T[] {
  const start = round % all.length;
  const turned = [...all.slice(start), ...all.slice(0, start)];
  return Math.floor(round / all.length) % 2 === 0 ? turned : turned.toReversed();
}
