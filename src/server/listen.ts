import type { FastifyInstance } from "fastify";
import { lookup } from "node:dns/promises";
import type { AddressInfo } from "node:net";
import { Failure, messageOf } from "../common/failure.ts";

/** An address to listen on. */
export interface ListenAddress {
  /** Undefined means all addresses of this machine, as in `:9443`. */
  readonly host: string | undefined;
  readonly port: number;
}

const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is taken by another process",
  EACCES: "this user may not listen on that port",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "no such host",
};

/** Starts to listen. Returns the port, which the system chooses where it is 0. */
export async function listen(server: FastifyInstance, { host, port }: ListenAddress): Promise<number> {
  try {
    // By address: given the name localhost, Fastify makes another server for each further address of it.
    await (host === undefined
      ? listenOnAll(server, port)
      : server.listen({ host: (await lookup(host)).address, port }));
  } catch (error) {
    const code = errorCode(error);
    throw new Failure(
      "listen",
      `cannot listen on ${addressText({ host, port })}: ${REASONS[code] ?? messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  return (server.server.address() as AddressInfo).port;
}

/** `::` accepts IPv4, too. A machine without IPv6 needs the IPv4 wildcard. */
async function listenOnAll(server: FastifyInstance, port: number): Promise<void> {
  try {
    await server.listen({ host: "::", port });
  } catch (error) {
    if (!NO_IPV6.has(errorCode(error))) throw error;
    await server.listen({ host: "0.0.0.0", port });
  }
}

/** As it is typed. */
function addressText({ host = "", port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
