import type { ConnectionOptions } from "node:tls";

/** What the load generators are told; all of it is JSON. */
export interface LoadOptions {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly connections: number;
  /** Those that count; a warm-up comes before. */
  readonly seconds: number;
  /** Instead of the time: so many calls, without a warm-up. */
  readonly calls?: number;
  readonly body: string;
  /** The body of every answer, byte for byte. */
  readonly expected: string;
}

/**
 * Seconds until the compiler has seen enough of a load generator, which each time is a new process. Before, it takes
 * longer for a call than a server does, and has stalls of 10 to 30 ms: that would be said of whatever server it calls.
 */
const WARM_UP = 3;

/** Seconds before what counts. */
export function warmUpOf({ calls }: LoadOptions): number {
  return calls === undefined ? WARM_UP : 0;
}

/** What came of a load. */
export interface Load {
  /** Those that were answered with status 2xx in the time that counts. */
  readonly calls: number;
  readonly seconds: number;
  /** With those of the warm-up. */
  readonly allCalls: number;
  /** Calls with another status or body, or without an answer. */
  readonly failed: number;
  /** Of the turns of its event loop in which something was answered. */
  readonly clientBusySeconds: number;
}

export interface Target {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tlsOptions: ConnectionOptions;
}

/** As an API server posts its reviews: HTTP/1.1 over TLS 1.3. */
export function target({ port, ca, body }: LoadOptions): Target {
  return {
    url: `https://127.0.0.1:${port}/mutate?timeout=10s`,
    body,
    headers: { "content-type": "application/json", accept: "application/json, */*" },
    tlsOptions: { ca, minVersion: "TLSv1.3", maxVersion: "TLSv1.3", ALPNProtocols: ["http/1.1"] },
  };
}
