import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** What is measured has the first core of the machine for itself, what measures has the second. */
export type Place = "measured" | "measuring";

/** Numbers of the cores that this process may use; none where that, or `taskset`, is not to be had. */
const CORES = usableCores();

/** Whether measured and measuring processes are kept apart. */
export const IS_PINNED = CORES.length > 1;

export interface ProcessOptions {
  readonly place: Place;
  /** Of Node: its own flags, the program, the program's. */
  readonly args: readonly string[];
  readonly stdio?: StdioOptions;
  /** Besides the PATH. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Starts Node on the core of its place, without our environment. */
export function startNode(options: ProcessOptions): ChildProcess {
  const { place, args, stdio = ["ignore", "ignore", "inherit"], environment } = options;
  const core = CORES[place === "measured" ? 0 : 1];
  const command = [process.execPath, ...args];
  const [file = "", ...rest] = IS_PINNED ? ["taskset", "-c", String(core), ...command] : command;
  return spawn(file, rest, { env: { PATH: process.env["PATH"], ...environment }, stdio });
}

/** Runs a program of this folder with options in JSON to its end, and gives the JSON that it prints. */
export async function runProgram(
  place: Place,
  program: string,
  options: unknown,
  flags: readonly string[] = [],
): Promise<unknown> {
  const args = [...flags, join(import.meta.dirname, program), JSON.stringify(options)];
  const child = startNode({ place, args, stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  if (child.stdout === null) throw new Error("no stdout");
  const output = await text(child.stdout);
  const [code] = (await exit) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`);
  return JSON.parse(output);
}

/** Options that `runProgram` gave to this process. */
export function programOptions(): unknown {
  return JSON.parse(process.argv[2] ?? "");
}

/** Asks the process to end, and waits for that. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGINT");
  await exit;
}

/** Seconds of processor time that a process has taken, all of its threads; NaN where the system does not say. */
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

/** The most bytes that a process ever had in memory; NaN where the system does not say. */
export function peakResidentBytes(pid: number): number {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kibibytes) * 1_024;
  } catch {
    return NaN;
  }
}

/** Milliseconds between two looks: few enough to be no load. */
const LOOK_INTERVAL = 20;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the process says yes; throws where it ended, or has not after two minutes. */
export async function eventually(child: ChildProcess, what: string, test: () => Promise<boolean>): Promise<void> {
  await eventuallyGives(what, async () => {
    if (child.exitCode === null && !(await test())) throw new Error("not yet");
  });
  if (child.exitCode !== null) throw new Error(`${what}: the process ended with ${child.exitCode}`);
}

/** What it gives once it does not throw; throws where that is not within two minutes. */
export async function eventuallyGives<T>(what: string, ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${what}: not after two minutes`, { cause: error });
    }
    await delay(LOOK_INTERVAL);
  }
}

function usableCores(): readonly number[] {
  if (spawnSync("taskset", ["--version"]).error !== undefined) return [];
  try {
    const [, list = ""] = /^Cpus_allowed_list:\s+(.+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return list.split(",").flatMap((range) => {
      const [first = NaN, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, step) => first + step);
    });
  } catch {
    return [];
  }
}
