import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** The numbers of up to two cores that this process may use; none without `taskset`. */
const CORES = usableCores();

/** Measured processes have one core, measuring processes another. */
export const PLACES = { measured: CORES[0], measuring: CORES[1] } as const;
export type Place = keyof typeof PLACES;

/** Whether measured and measuring processes are on different cores. */
export const IS_PINNED = CORES.length > 1;

/** Milliseconds. The largest first sync takes about ten seconds. */
const START_DEADLINE = 120_000;

export interface ProcessOptions {
  readonly place: Place;
  readonly command: readonly string[];
  /** Environment variables besides PATH. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly stdio?: StdioOptions;
}

/** Starts a command on the core of its place. */
export function start({ place, command, environment, stdio }: ProcessOptions): ChildProcess {
  const [file = "", ...args] = IS_PINNED ? ["taskset", "-c", PLACES[place] ?? "", ...command] : command;
  const env = { PATH: process.env["PATH"], ...environment };
  return spawn(file, args, { env, stdio: stdio ?? ["ignore", "ignore", "inherit"] });
}

/** Moves this process, with all its threads, to the core of a place. */
export function moveTo(place: Place): void {
  if (IS_PINNED) spawnSync("taskset", ["-a", "-c", "-p", PLACES[place] ?? "", String(process.pid)]);
}

/** Runs a program of this folder: options go in as JSON on stdin, the result comes back as JSON on stdout. */
export async function runProgram(
  place: Place,
  name: string,
  options: unknown,
  nodeFlags: readonly string[] = [],
): Promise<unknown> {
  const command = [process.execPath, ...nodeFlags, join(import.meta.dirname, name)];
  const child = start({ place, command, stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
  child.stdin.end(JSON.stringify(options));
  const output = await text(child.stdout);
  const [code] = (await exit) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
  return JSON.parse(output);
}

/** Options that `runProgram` gave to this process. */
export async function programOptions(): Promise<unknown> {
  return JSON.parse(await text(process.stdin));
}

/** Writes the result for `runProgram` and ends this process, even with open handles. */
export function endWith(result: unknown): void {
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

/** Ends the process with SIGINT and waits for its exit. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGINT");
  await exit;
}

/** Seconds of processor time of all threads of a process. NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    // The first number is nanoseconds (kernel Documentation/scheduler/sched-stats.rst); /proc/PID/stat counts hundredths.
    const spent = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]));
    return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
  } catch {
    return NaN;
  }
}

/** The peak resident memory of a process in bytes. NaN where there is no /proc. */
export function peakResidentBytes(pid: number): number {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kibibytes) * 1_024;
  } catch {
    return NaN;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Repeats `ask` until it does not throw. Throws where the process ends first, and after two minutes. */
export async function eventually<T>(what: string, child: ChildProcess, ask: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + START_DEADLINE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`${what}: the process ended with ${child.exitCode}`);
      if (performance.now() > deadline) throw new Error(`${what}: not after two minutes`, { cause: error });
    }
    await delay(20);
  }
}

function usableCores(): readonly string[] {
  const { error, stdout } = spawnSync("taskset", ["-c", "-p", String(process.pid)], { encoding: "utf8" });
  if (error !== undefined) return [];
  // Such as "pid 7's current affinity list: 0,2-5".
  const [, list = ""] = /list: (.+)/.exec(stdout) ?? [];
  return list.match(/\d+/g)?.slice(0, 2) ?? [];
}
