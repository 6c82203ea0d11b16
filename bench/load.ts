/**
 * The load generator, which runs as its own process. Servers take turns of a quarter of a second, so that other load on
 * the machine affects all of them alike. Then each is called at a fixed rate.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { answerCheck } from "./answers.ts";
import { Connection } from "./connection.ts";
import { cpuSeconds, endWith, programOptions } from "./processes.ts";
import { median, percentile, rotated } from "./statistics.ts";

/** A server, and the review to send. */
export interface Target {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly body: string;
  /** The object of the review as every answer must change it. */
  readonly expected: object;
}

export interface LoadOptions {
  readonly targets: readonly Target[];
  /** Calls to each target until V8 has optimized the code that runs often. */
  readonly warmUpCalls: number;
  /** Measured turns of each target. */
  readonly rounds: number;
  readonly turnSeconds: number;
  /** For each target at each of the two fixed rates; 0 skips these. */
  readonly pacedSeconds: number;
}

export interface Turn {
  readonly calls: number;
  readonly seconds: number;
  /** Processor time of the server. NaN where there is no /proc. */
  readonly cpuSeconds: number;
}

export interface LoadResult {
  readonly name: string;
  readonly turns: readonly Turn[];
  /** Milliseconds, at STEADY_RATE and at half of the target's throughput; NaN without calls. */
  readonly steadyP99: number;
  readonly halfP99: number;
  /** Calls with a wrong answer or none, warm-up included. */
  readonly failed: number;
}

/** API servers keep a few connections to a webhook. */
const CONNECTIONS = 8;
/** Reviews a second. */
const STEADY_RATE = 500;

class Load {
  /** All calls, warm-up included. */
  calls = 0;
  /** Without warm-up. */
  readonly turns: Turn[] = [];
  readonly #target: Target;
  readonly #check: (answer: string) => void;
  readonly #connections: readonly Connection[];
  #failed = 0;

  private constructor(target: Target, connections: readonly Connection[]) {
    this.#target = target;
    this.#check = answerCheck(target.body, target.expected);
    this.#connections = connections;
  }

  static async on(target: Target): Promise<Load> {
    const connecting = Array.from({ length: CONNECTIONS }, () => Connection.open(target, target.body));
    return new Load(target, await Promise.all(connecting));
  }

  /** Each connection calls again as soon as it has its answer. */
  async takeTurn(length: number): Promise<Turn> {
    const [begun, cpu] = [performance.now(), cpuSeconds(this.#target.pid)];
    let calls = 0;
    const loop = async (connection: Connection): Promise<void> => {
      for (; performance.now() < begun + 1_000 * length; calls++) await this.#ask(connection);
    };
    await Promise.all(this.#connections.map(loop));
    const spent = cpuSeconds(this.#target.pid) - cpu;
    this.calls += calls;
    return { calls, seconds: (performance.now() - begun) / 1_000, cpuSeconds: spent };
  }

  async result(pacedSeconds: number): Promise<LoadResult> {
    const { name } = this.#target;
    const steadyP99 = await this.#pace(STEADY_RATE, pacedSeconds);
    const throughput = median(this.turns.map(({ calls, seconds }) => calls / seconds));
    const halfP99 = await this.#pace(throughput / 2, pacedSeconds);
    return { name, turns: this.turns, steadyP99, halfP99, failed: this.#failed };
  }

  /** p99 in milliseconds from the time that a call was due, so that a stall counts for every call that it delays. */
  async #pace(rate: number, seconds: number): Promise<number> {
    const free = [...this.#connections];
    const [times, calls]: [number[], Promise<void>[]] = [[], []];
    const begun = performance.now();
    while (calls.length < rate * seconds) {
      const due = begun + (1_000 * calls.length) / rate;
      const connection = performance.now() < due ? undefined : free.pop();
      if (connection === undefined) {
        await nextTurn();
        continue;
      }
      const answered = this.#ask(connection).then(() => {
        times.push(performance.now() - due);
        free.push(connection);
      });
      calls.push(answered);
    }
    await Promise.all(calls);
    return percentile(times, 0.99);
  }

  async #ask(connection: Connection): Promise<void> {
    try {
      this.#check(await connection.ask());
    } catch (error) {
      if (this.#failed++ === 0) process.stderr.write(`${this.#target.name}: ${String(error)}\n`);
    }
  }
}

/**
 * Keeps this process awake. A server that writes to a sleeping process on the same machine pays for waking it, 20 us and
 * more on a virtual machine. API servers run on other machines.
 */
function stayAwake(): void {
  setImmediate(stayAwake);
}

async function measure(options: LoadOptions): Promise<readonly LoadResult[]> {
  const loads = await Promise.all(options.targets.map((target) => Load.on(target)));
  while (loads.some((load) => load.calls < options.warmUpCalls)) {
    for (const load of loads) await load.takeTurn(options.turnSeconds);
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const load of rotated(loads, round)) load.turns.push(await load.takeTurn(options.turnSeconds));
  }
  const results: LoadResult[] = [];
  for (const load of loads) results.push(await load.result(options.pacedSeconds));
  return results;
}

stayAwake();
endWith(await measure((await programOptions()) as LoadOptions));
