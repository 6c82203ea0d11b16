import type { FastifyInstance } from "fastify";
import { type Clock, SYSTEM_TIMING } from "../common/timing.ts";
import type { Connections } from "./connections.ts";
import { LAST_REQUEST_WAIT, MAX_WAIT_FOR_QUIET, QUIET_PERIOD, SHUTDOWN_DEADLINE } from "./limits.ts";

/**
 * The time from SIGTERM to the closing of the ports. Callers learn late that a replica goes away. Until then the server
 * answers as before, and closes each connection after its next answer.
 */
export class Drain {
  readonly #clock: Clock;
  #isDraining = false;
  #lastRequest = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  start(): void {
    this.#isDraining = true;
  }

  /** A request postpones the end of the drain. */
  noteRequest(): void {
    this.#lastRequest = this.#clock.monotonic();
  }

  /** Starts, waits for the delay, and then until no request came for QUIET_PERIOD, at most MAX_WAIT_FOR_QUIET longer. */
  async run(delay: number): Promise<void> {
    this.start();
    const clock = this.#clock;
    if (delay > 0) await clock.delay(delay);
    const end = clock.monotonic() + MAX_WAIT_FOR_QUIET;
    for (let wait = this.#untilQuiet(); wait > 0 && clock.monotonic() < end; wait = this.#untilQuiet()) {
      await clock.delay(Math.min(wait, end - clock.monotonic()));
    }
  }

  #untilQuiet(): number {
    return this.#lastRequest + QUIET_PERIOD - this.#clock.monotonic();
  }
}

/** A connection that stays open after its last answer delays the shutdown and brings the next request here. */
export function closeWhileDraining(server: FastifyInstance, drain: Drain): void {
  server.addHook("preClose", (done) => {
    drain.start();
    done();
  });
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (drain.isDraining) reply.header("Connection", "close");
    done();
  });
}

export interface ClosableServer {
  readonly server: FastifyInstance;
  readonly connections: Connections;
}

/** Milliseconds from the closing of the ports. */
export interface CloseTimes {
  readonly cutIdle: number;
  readonly cutAll: number;
}

const TIMES: CloseTimes = { cutIdle: LAST_REQUEST_WAIT, cutAll: SHUTDOWN_DEADLINE };

/**
 * Closes the ports and answers the requests under way. Returns how many requests it cut because they took too long. Node
 * alone waits forever for a connection that never sends a request, or never finishes its handshake.
 */
export async function closeServers(
  servers: readonly ClosableServer[],
  times: CloseTimes = TIMES,
  clock: Clock = SYSTEM_TIMING,
): Promise<number> {
  const over = new AbortController();
  // When a port closes, Node ends all idle connections at once, even one whose request has arrived and is not read yet.
  await Promise.all(servers.map(({ connections }) => connections.releaseIdle()));
  const closed = Promise.all(servers.map(({ server }) => server.close()));
  let cut = 0;
  const at = async (milliseconds: number, act: (connections: Connections) => void): Promise<void> => {
    await clock.delay(milliseconds, over.signal);
    if (!over.signal.aborted) for (const { connections } of servers) act(connections);
  };
  const cuts = [
    at(times.cutIdle, (connections) => {
      connections.cutIdle();
    }),
    at(times.cutAll, (connections) => {
      cut += connections.cutAll();
    }),
  ];
  await closed;
  over.abort();
  await Promise.all(cuts);
  return cut;
}
