import { pino } from "pino";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, vi } from "vitest";
import { SYSTEM_TIMING, type Timing } from "../../src/common/timing.ts";
import type { ImageKind } from "../../src/images/image.ts";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { Connection } from "../../src/kube/connection.ts";
import { CurrentCredentials } from "../../src/kube/credentials.ts";
import { Reflector, type ReflectorOptions } from "../../src/sources/cluster/reflector.ts";
import type { ReflectorLimits } from "../../src/sources/cluster/reflector-limits.ts";
import { FakeApiServer } from "./fake-api-server.ts";

export const KIND: ImageKind = "VirtualMachineImage";

/** Deadlines that a test can wait for. No watch counts as brief, so a test may end watches at any time. */
export const SHORT_LIMITS: ReflectorLimits = {
  pageSize: 2,
  pageDeadline: 150,
  watchSeconds: () => 60,
  watchGrace: 0,
  briefWatch: 0,
};

/** Repeats a check until it passes, for much longer than that takes. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { interval: 2, timeout: 10_000 });
}

export interface LogLine {
  readonly msg: string;
  readonly state?: string;
  readonly because?: string;
  readonly why?: string;
}

export function capturedLog(): { log: pino.Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line) as LogLine) });
  return { log, lines };
}

/** Records each delay, and ends it after 1 ms. */
export function instantTiming(waits: number[] = []): Timing {
  return {
    ...SYSTEM_TIMING,
    random: () => 0.5,
    delay: async (milliseconds, signal) => {
      waits.push(milliseconds);
      await delay(1, undefined, { signal }).catch(() => undefined);
    },
  };
}

/** One reflector against one fake API server. */
export class Reflection {
  readonly server = new FakeApiServer();
  readonly index: MemoryImageIndex;
  readonly waits: number[] = [];
  readonly #log = capturedLog();
  readonly #stop = new AbortController();
  readonly #options: Partial<ReflectorOptions>;
  readonly #timing: Timing;
  connection!: Connection;
  reflector!: Reflector;
  running: Promise<void> = Promise.resolve();

  constructor(options: Partial<ReflectorOptions> = {}, maxImages = 1_000) {
    this.#options = options;
    this.#timing = options.timing ?? instantTiming(this.waits);
    this.index = new MemoryImageIndex({ maxImages });
  }

  async start(): Promise<this> {
    const { log } = this.#log;
    const server = await this.server.listen();
    const read = (): ReturnType<CurrentCredentials["get"]> => Promise.resolve({ server, headers: {}, tls: {} });
    const credentials = new CurrentCredentials({ read, log, timing: this.#timing });
    this.connection = new Connection({ credentials, headerDeadline: 150 });
    this.reflector = new Reflector({
      kind: KIND,
      client: this.connection,
      index: this.index,
      log,
      limits: SHORT_LIMITS,
      ...this.#options,
      timing: this.#timing,
    });
    open.add(this);
    this.running = this.reflector.run(this.#stop.signal);
    return this;
  }

  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  /** States in the order in which they were logged. */
  get states(): readonly (string | undefined)[] {
    return this.log.filter(({ msg }) => msg === "images changed state").map(({ state }) => state);
  }

  images(): Record<string, string | undefined> {
    const scope = this.index.namespaced("dev");
    return Object.fromEntries(
      [...scope.objectNames()].map((name) => [`dev/${name}`, scope.byObjectName(name)?.displayName]),
    );
  }

  /** Waits until the index equals the images of the server, and a watch is open. */
  async isCurrent(): Promise<void> {
    await eventually(() => {
      expect(this.reflector.state.state).toBe("live");
      expect(this.images()).toEqual(this.server.images(KIND));
    });
  }

  /** Waits until the kind is in this state, or was in it. */
  async isIn(state: string): Promise<void> {
    await eventually(() => {
      expect(this.states).toContain(state);
    });
  }

  abort(): void {
    this.#stop.abort();
  }

  async stop(): Promise<void> {
    this.abort();
    await this.running;
    this.connection.close();
    await this.server.close();
  }
}

const open = new Set<Reflection>();
const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
process.on("uncaughtException", (error) => unhandled.push(error));

/** Stops the reflections of a test, and fails the test if it left a rejection unhandled. */
afterEach(async () => {
  for (const reflection of open) await reflection.stop();
  open.clear();
  await delay(5);
  expect(unhandled).toEqual([]);
});
