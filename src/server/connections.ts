import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { ASKED_SHARE, MAX_PIPELINED } from "./limits.ts";

interface Connection {
  /** The TCP socket, also of an HTTPS server. */
  readonly socket: Socket;
  /** Not sent yet, or not all of it. A client may send a request before it has the last answer. */
  readonly answers: ServerResponse[];
  requests: number;
  /** Which request of the server its last one was. */
  lastAsked: number;
}

/**
 * Every connection of a server, also one whose TLS handshake is not finished. At most `max` of them are open. Three
 * quarters are for connections that have sent a request: beyond them one that asked once, or the one that is idle for
 * longest, is ended. The others are for connections that have not: where all places are taken, the oldest of them is
 * ended for a new one. So a flood of connections that never ask ends none that asked.
 *
 * A connection that sends many requests and does not wait for an answer is ended: no API server does so, and one turn of
 * the event loop reads up to 2 MiB of each connection.
 */
export class Connections {
  readonly #max: number;
  /** Both by peer, in the order in which they came there. */
  readonly #silent = new Map<string, Connection>();
  readonly #asked = new Map<string, Connection>();
  #requests = 0;

  constructor(server: HttpServer, max: number) {
    this.#max = max;
    server.on("connection", (socket: Socket) => {
      this.#accept(socket);
    });
    server.on("request", (request, response) => {
      this.#ask(request, response);
    });
  }

  get count(): number {
    return this.#silent.size + this.#asked.size;
  }

  /**
   * Ends those that asked before and have no request under way, one in each turn of the event loop: what arrived
   * meanwhile over the next ones has been read by then, and is answered.
   */
  async releaseIdle(): Promise<void> {
    // The present turn may have read already.
    await turn();
    for (const connection of this.#asked.values()) {
      await turn();
      if (!isAtWork(connection)) connection.socket.destroy();
    }
  }

  /** Ends all that have no request under way. */
  cutIdle(): void {
    for (const connection of this.#all()) if (!isAtWork(connection)) connection.socket.destroy();
  }

  /** Ends all; gives how many of them had a request under way. */
  cutAll(): number {
    const all = this.#all();
    const atWork = all.filter(isAtWork);
    for (const { socket } of all) socket.destroy();
    return atWork.length;
  }

  #all(): readonly Connection[] {
    return [...this.#silent.values(), ...this.#asked.values()];
  }

  #accept(socket: Socket): void {
    if (this.count >= this.#max) this.#end(this.#silent, oldestOf(this.#silent));
    if (this.count >= this.#max) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    const connection: Connection = { socket, answers: [], requests: 0, lastAsked: 0 };
    this.#silent.set(peer, connection);
    socket.once("close", () => {
      for (const connections of [this.#silent, this.#asked]) {
        if (connections.get(peer) === connection) connections.delete(peer);
      }
      // After a CONNECT, Node does not do so.
      for (const answer of [...connection.answers]) answer.destroy();
    });
  }

  #ask({ socket }: IncomingMessage, response: ServerResponse): void {
    const peer = peerOf(socket);
    const connection = this.#silent.get(peer) ?? this.#asked.get(peer);
    // It was ended, and what it had sent is still being read.
    if (connection === undefined) return;
    connection.answers.push(response);
    response.once("close", () => {
      connection.answers.splice(connection.answers.indexOf(response), 1);
    });
    connection.requests++;
    connection.lastAsked = ++this.#requests;
    if (connection.answers.length > MAX_PIPELINED) socket.destroy();
    else if (this.#silent.delete(peer)) this.#admit(peer, connection);
  }

  /** Its first request has come. */
  #admit(peer: string, connection: Connection): void {
    if (this.#asked.size >= this.#max * ASKED_SHARE) this.#end(this.#asked, leastNeeded(this.#asked));
    this.#asked.set(peer, connection);
  }

  /** Forgets it at once: its `close` comes later. */
  #end(connections: Map<string, Connection>, peer: string | undefined): void {
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
 * The one that asked longest ago: of those that have asked once and have an answer; else of those that are idle; else of
 * those that do not read their answer. One whose request is under way is never ended for another. An API server asks
 * again over a connection that it has, so a thousand clients that ask once do not end that.
 */
function leastNeeded(connections: ReadonlyMap<string, Connection>): string | undefined {
  return (
    leastRecent(connections, (connection) => connection.requests === 1 && isAnswered(connection)) ??
    leastRecent(connections, (connection) => !isAtWork(connection)) ??
    leastRecent(connections, isAnswered)
  );
}

function leastRecent(
  connections: ReadonlyMap<string, Connection>,
  isMeant: (connection: Connection) => boolean,
): string | undefined {
  const meant = [...connections].filter(([, connection]) => isMeant(connection));
  const [first] = meant.sort(([, one], [, other]) => one.lastAsked - other.lastAsked);
  return first?.[0];
}

/** Whether a request has no answer yet, or not all of it. */
function isAtWork({ answers }: Connection): boolean {
  return answers.length > 0;
}

/** Whether each request has its answer, sent or not. */
function isAnswered({ answers }: Connection): boolean {
  return answers.every(({ writableEnded }) => writableEnded);
}

/**
 * Identifies an open connection. An HTTPS server emits `connection` with the TCP socket and `request` with the TLS socket
 * above it; only their addresses tell that they belong together.
 */
function peerOf({ remoteAddress = "", remotePort = 0, localAddress = "" }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
