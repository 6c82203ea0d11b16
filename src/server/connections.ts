import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { MAX_PIPELINED, USED_SHARE } from "./limits.ts";

interface Connection {
  /** The TCP socket, also of an HTTPS server. */
  readonly socket: Socket;
  /** Those that are not sent completely. A client may send a request before it has the last answer. */
  readonly answers: ServerResponse[];
  requests: number;
  /** The number of its last request among all requests of the server. */
  lastRequest: number;
}

/**
 * The open connections of a server, at most `max`, including those whose TLS handshake is not finished.
 *
 * A connection is used once it has sent a request. Used connections have three quarters of the places. Beyond that, a
 * new one replaces a connection that sent one request only, or else the one that is idle for longest. Where all places
 * are taken, a new connection replaces the oldest unused one. So a flood of connections without requests closes no used
 * connection.
 *
 * A connection that sends many requests without waiting for answers is closed. No API server does so, and one turn of the
 * event loop reads up to 2 MiB of each connection.
 */
export class Connections {
  readonly #max: number;
  /** Both by peer, oldest first. */
  readonly #unused = new Map<string, Connection>();
  readonly #used = new Map<string, Connection>();
  #requests = 0;

  constructor(server: HttpServer, max: number) {
    this.#max = max;
    server.on("connection", (socket: Socket) => {
      this.#accept(socket);
    });
    server.on("request", (request, response) => {
      this.#handleRequest(request, response);
    });
  }

  get count(): number {
    return this.#unused.size + this.#used.size;
  }

  /**
   * Closes the used connections without a request under way, one in each turn of the event loop: by then, Node has read
   * the requests that arrived meanwhile on the next ones, and they are answered.
   */
  async releaseIdle(): Promise<void> {
    // The present turn may have read its sockets already.
    await turn();
    for (const connection of this.#used.values()) {
      await turn();
      if (!isBusy(connection)) connection.socket.destroy();
    }
  }

  /** Closes all connections without a request under way. */
  cutIdle(): void {
    for (const connection of this.#all()) if (!isBusy(connection)) connection.socket.destroy();
  }

  /** Closes all connections. Returns how many of them had a request under way. */
  cutAll(): number {
    const all = this.#all();
    const busy = all.filter(isBusy);
    for (const { socket } of all) socket.destroy();
    return busy.length;
  }

  #all(): readonly Connection[] {
    return [...this.#unused.values(), ...this.#used.values()];
  }

  #accept(socket: Socket): void {
    if (this.count >= this.#max) this.#close(this.#unused, oldestOf(this.#unused));
    if (this.count >= this.#max) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    const connection: Connection = { socket, answers: [], requests: 0, lastRequest: 0 };
    this.#unused.set(peer, connection);
    socket.once("close", () => {
      for (const connections of [this.#unused, this.#used]) {
        if (connections.get(peer) === connection) connections.delete(peer);
      }
      // Node does not destroy the answers of a connection after a CONNECT.
      for (const answer of [...connection.answers]) answer.destroy();
    });
  }

  #handleRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const peer = peerOf(socket);
    const connection = this.#unused.get(peer) ?? this.#used.get(peer);
    // Undefined where the connection was closed while Node still reads what it sent.
    if (connection === undefined) return;
    connection.answers.push(response);
    response.once("close", () => {
      connection.answers.splice(connection.answers.indexOf(response), 1);
    });
    connection.requests++;
    connection.lastRequest = ++this.#requests;
    if (connection.answers.length > MAX_PIPELINED) socket.destroy();
    else if (this.#unused.delete(peer)) this.#markUsed(peer, connection);
  }

  #markUsed(peer: string, connection: Connection): void {
    if (this.#used.size >= this.#max * USED_SHARE) this.#close(this.#used, replaceableOf(this.#used));
    this.#used.set(peer, connection);
  }

  /** Removes the connection at once, because its `close` event comes later. */
  #close(connections: Map<string, Connection>, peer: string | undefined): void {
    if (peer === undefined) return;
    connections.get(peer)?.socket.destroy();
    connections.delete(peer);
  }
}

function oldestOf(connections: ReadonlyMap<string, Connection>): string | undefined {
  const [peer] = connections.keys();
  return peer;
}

/**
 * The connection to close for another one. The candidates, in this order, are those with exactly one request, which has
 * its answer; those that are idle; and those whose client does not read an answer. Of them it is the one whose last
 * request is the oldest. A connection whose request is under way is never closed. An API server sends further requests on
 * its connection, so a thousand clients with one request each do not close it.
 */
function replaceableOf(connections: ReadonlyMap<string, Connection>): string | undefined {
  return (
    leastRecent(connections, (connection) => connection.requests === 1 && isAnswered(connection)) ??
    leastRecent(connections, (connection) => !isBusy(connection)) ??
    leastRecent(connections, isAnswered)
  );
}

function leastRecent(
  connections: ReadonlyMap<string, Connection>,
  isCandidate: (connection: Connection) => boolean,
): string | undefined {
  const candidates = [...connections].filter(([, connection]) => isCandidate(connection));
  const [first] = candidates.sort(([, one], [, other]) => one.lastRequest - other.lastRequest);
  return first?.[0];
}

/** Whether an answer is not sent completely. */
function isBusy({ answers }: Connection): boolean {
  return answers.length > 0;
}

/** Whether each request has its answer, sent or not. */
function isAnswered({ answers }: Connection): boolean {
  return answers.every(({ writableEnded }) => writableEnded);
}

/**
 * Identifies an open connection. An HTTPS server emits `connection` with the TCP socket and `request` with the TLS socket
 * on top of it. Only their addresses connect the two.
 */
function peerOf({ remoteAddress = "", remotePort = 0, localAddress = "" }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
