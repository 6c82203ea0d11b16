import type { FastifyInstance } from "fastify";
import { setTimeout as delay } from "node:timers/promises";
import type { Connections } from "./connections.ts";
import { LAST_REQUEST_WAIT, SHUTDOWN_DEADLINE } from "./limits.ts";

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
 * Closes the ports and answers what is under way. Gives how many requests were cut because they took too long: Node alone
 * waits without an end for a connection that never asks, or never finishes its handshake.
 */
export async function closeServers(servers: readonly ClosableServer[], times: CloseTimes = TIMES): Promise<number> {
  const over = new AbortController();
  // When the port closes, Node ends all idle connections at once, also one whose request has arrived and is not read.
  await Promise.all(servers.map(({ connections }) => connections.releaseIdle()));
  const closed = Promise.all(servers.map(({ server }) => server.close()));
  let cut = 0;
  const at = async (milliseconds: number, act: (connections: Connections) => void): Promise<void> => {
    const isDue = await delay(milliseconds, true, { signal: over.signal }).catch(() => false);
    if (isDue) for (const { connections } of servers) act(connections);
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
