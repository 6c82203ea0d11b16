import type { ConnectionOptions } from "node:tls";

/** Who is called, and with what; all of it is JSON. */
export interface Calls {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly connections: number;
  readonly body: string;
  /** The body of every answer, byte for byte. */
  readonly expected: string;
}

/** Seconds that count, with a warm-up before them; or so many calls, without one. */
export type Extent =
  { readonly seconds: number; readonly calls?: undefined } | { readonly calls: number; readonly seconds?: undefined };

export type LoadOptions = Calls & Extent;

/**
 * Seconds until the compiler has seen enough of a load generator, which each time is a new process. Before, it takes
 * longer for a call than a server does, and has stalls of 10 to 30 ms: that would be said of whatever server it calls.
 */
const WARM_UP = 3;

/** Seconds before what counts. */
export function warmUpOf({ calls }: Extent): number {
  return calls === undefined ? WARM_UP : 0;
}

/** What came of a load. */
export interface Load {
  /** Those that were answered with status 2xx in the time that counts. */
  readonly calls: number;
  readonly seconds: number;
  /** Calls with another status or body, or without an answer. */
  readonly failed: number;
}

export interface Target {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tlsOptions: ConnectionOptions;
}

/** As an API server posts its reviews: HTTP/1.1 over TLS 1.3. */
export function target({ port, ca, body }: Calls): Target {
  return {
    url: `https://127.0.0.1:${port}/mutate?timeout=10s`,
    body,
    headers: { "content-type": "application/json", accept: "application/json, */*" },
    tlsOptions: { ca, minVersion: "TLSv1.3", maxVersion: "TLSv1.3", ALPNProtocols: ["http/1.1"] },
  };
}
