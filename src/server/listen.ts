import type { FastifyInstance } from "fastify";
import { lookup } from "node:dns/promises";
import type { AddressInfo } from "node:net";
import { Failure, messageOf } from "../common/failure.ts";

/** An address to listen on. */
export interface ListenAddress {
  /** Undefined means all addresses of this machine, as in `:9443`. */
  readonly host: string | undefined;
  readonly port: number;
  /** The flag to name in a failure. */
  readonly flag?: string;
}

const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

const ALL_ADDRESSES = ["::", "0.0.0.0"];
const LOOPBACK = ["127.0.0.1", "::1"];

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is taken by another process",
  EACCES: "this user may not listen on that port",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "no such host",
};

/** Starts to listen. Returns the port, which the system chooses where it is 0. */
export async function listen(server: FastifyInstance, address: ListenAddress): Promise<number> {
  const { host, port, flag } = address;
  try {
    // By address: given the name localhost, Fastify makes another server for each further address of it.
    await (host === undefined
      ? listenOnAll(server, port)
      : server.listen({ host: (await lookup(host)).address, port }));
  } catch (error) {
    const reason = REASONS[errorCode(error)] ?? messageOf(error);
    const where = flag === undefined ? addressText(address) : `${flag} ${addressText(address)}`;
    const remedy = errorCode(error) === "EADDRINUSE" ? "; give another port, or end that process" : "";
    throw new Failure("listen", `cannot listen on ${where}: ${reason}${remedy}`, { cause: error });
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

/** Whether the second of two servers with these addresses finds its port taken by the first. */
export function isSamePort(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const hosts = [one.host ?? "::", other.host ?? "::"];
  if (hosts.some((host) => ALL_ADDRESSES.includes(host)) || hosts[0] === hosts[1]) return true;
  return hosts.includes("localhost") && hosts.some((host) => LOOPBACK.includes(host));
}

/** As it is typed. */
export function addressText({ host = "", port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
