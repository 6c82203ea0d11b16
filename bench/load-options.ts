import type { ConnectionOptions } from "node:tls";

/** What the load generators are told; all of it is JSON. */
export interface LoadOptions {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly connections: number;
  readonly seconds: number;
  /** Instead of the time: so many calls in all. */
  readonly calls?: number;
  readonly body: string;
  /** The body of every answer, byte for byte. */
  readonly expected: string;
}

/** What came of a load. */
export interface Load {
  /** Those that were answered with status 2xx. */
  readonly calls: number;
  readonly seconds: number;
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
