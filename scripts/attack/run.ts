import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Attack } from "./attacker.ts";
import type { AttackCase, Figures, Outcome } from "./case.ts";
import { HonestCaller } from "./honest.ts";
import { Prober } from "./prober.ts";
import { AttackedServer } from "./server.ts";
import { UnreadAnswers } from "./unread-answers.ts";

/** Milliseconds. */
const WARM_UP = 2_000;
const SAMPLE_PERIOD = 250;
const RECOVERY_DEADLINE = 15_000;
const ATTACK_DEADLINE = 60_000;

/** How many files a process may open, after Node has raised the limit to the hard limit. NaN where there is no /proc. */
export function descriptorLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  } catch {
    return NaN;
  }
}

/** Runs one case against a new server. Throws where the server or the attack does not start, or the attack does not end. */
export async function runCase({ name }: AttackCase): Promise<Outcome> {
  const server = await AttackedServer.start();
  const honest = new HonestCaller(server.target.port, server.ca);
  const prober = new Prober(server.target.opsPort);
  try {
    honest.start();
    prober.start();
    await delay(WARM_UP);
    honest.attackBegins();
    const attack = await attackWith({ name, target: server.target }, server);
    const recoveredAfter = await recovery(honest, prober);
    honest.stop();
    prober.stop();
    const { died } = server;
    const tallies = { honest: honest.tally, probes: prober.tally };
    return { ...attack, ...tallies, ...server.usage(), recoveredAfter, died };
  } finally {
    honest.stop();
    prober.stop();
    await server.stop();
  }
}

async function attackWith(workerData: Attack, server: AttackedServer): Promise<Pick<Outcome, "figures" | "unreadFor">> {
  const worker = new Worker(new URL("./attacker.ts", import.meta.url), { workerData });
  const { promise, resolve, reject } = Promise.withResolvers<Figures>();
  const unread = new UnreadAnswers(server.target);
  worker.on("error", reject);
  worker.on("message", resolve);
  const timer = setInterval(() => {
    // Sampled, because the figures of a process are gone once it has ended.
    server.usage();
    unread.sample();
  }, SAMPLE_PERIOD);
  const deadline = setTimeout(() => {
    reject(new Error("the attack did not end"));
  }, ATTACK_DEADLINE);
  try {
    return { figures: await promise, unreadFor: unread.longest };
  } finally {
    clearInterval(timer);
    clearTimeout(deadline);
    // Ends the connections of the attack. How long that takes is part of the recovery.
    void worker.terminate();
  }
}

/** Seconds until all requests are answered again. Undefined means not within RECOVERY_DEADLINE. */
async function recovery(honest: HonestCaller, prober: Prober): Promise<number | undefined> {
  const began = performance.now();
  while (performance.now() - began < RECOVERY_DEADLINE) {
    const [isServed, probe] = await Promise.all([honest.isServed(), prober.probe()]);
    if (isServed && probe === "200") return (performance.now() - began) / 1_000;
    await delay(50);
  }
  return undefined;
}
