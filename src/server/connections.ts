import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { KEEP_ALIVE_TIMEOUT } from "./limits.ts";

interface Connection {
  readonly socket: Socket;
  /** To its last request. A client may send the next one before it has an answer; answers go out in that order. */
  lastAnswer: ServerResponse | undefined;
  /** Which request of the server that was; 0 before any. */
  lastAsked: number;
}

/**
 * Every connection of a server, also those that never finish their TLS handshake, of which Node's own list knows
 * nothing. Beyond `most`, who holds one without asking gives way: first those that never asked, then those that have
 * not asked for longest. While all are at work a new one is turned away. One that asks no more is ended after
 * `keepAliveTimeout` milliseconds, or up to as much later: Node would set a timer after each answer.
 */
export class Connections {
  readonly #most: number;
  /** In the order in which they were made. */
  readonly #all = new Set<Connection>();
  readonly #byPeer = new Map<string, Connection>();
  /** Of an HTTPS server by its TLS sockets, which live as long. */
  readonly #bySocket = new WeakMap<Socket, Connection>();
  #requests = 0;
  /** How many requests there were when those that ask no more were last looked for. */
  #requestsBefore = 0;

  constructor(server: HttpServer, most: number, keepAliveTimeout = KEEP_ALIVE_TIMEOUT) {
    this.#most = most;
    const sweep = setInterval(() => void this.#releaseUnused(), keepAliveTimeout).unref();
    server.on("close", () => {
      clearInterval(sweep);
    });
    // Of an HTTPS server too, this is the TCP socket.
    server.on("connection", (socket: Socket) => {
      this.#accept(socket);
    });
    server.on("request", (request, response) => {
      this.#work(request, response);
    });
  }

  get count(): number {
    return this.#all.size;
  }

  /**
   * Ends those that asked before and have no request under way, one in each turn of the event loop: what arrived
   * meanwhile over the next ones has been read by then, and is answered.
   */
  async releaseIdle(): Promise<void> {
    await this.#releaseThatAsked(Infinity);
  }

  /** Ends all that have no request under way. */
  cutIdle(): void {
    for (const connection of this.#all) if (!isAtWork(connection)) connection.socket.destroy();
  }

  /** Ends all; gives how many of them had a request under way. */
  cutAll(): number {
    let cut = 0;
    for (const connection of this.#all) {
      if (isAtWork(connection)) cut++;
      connection.socket.destroy();
    }
    return cut;
  }

  async #releaseUnused(): Promise<void> {
    const before = this.#requestsBefore;
    this.#requestsBefore = this.#requests;
    await this.#releaseThatAsked(before);
  }

  /** Those whose last request was one of the first so many of the server. */
  async #releaseThatAsked(before: number): Promise<void> {
    // The present turn may have read already.
    await turn();
    for (const connection of this.#all) {
      if (connection.lastAsked === 0) continue;
      await turn();
      if (connection.lastAsked <= before && !isAtWork(connection)) connection.socket.destroy();
    }
  }

  #accept(socket: Socket): void {
    if (this.count >= this.#most && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    const connection: Connection = { socket, lastAnswer: undefined, lastAsked: 0 };
    this.#byPeer.set(peer, connection);
    this.#all.add(connection);
    socket.once("close", () => {
      if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
      this.#all.delete(connection);
    });
  }

  #makeRoom(): boolean {
    let least: Connection | undefined;
    for (const connection of this.#all) {
      if (isAtWork(connection)) continue;
      if (least === undefined || connection.lastAsked < least.lastAsked) least = connection;
    }
    if (least === undefined) return false;
    this.#all.delete(least);
    least.socket.destroy();
    return true;
  }

  #work({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#bySocket.get(socket) ?? this.#introduce(socket);
    if (connection === undefined) return;
    connection.lastAnswer = response;
    connection.lastAsked = ++this.#requests;
  }

  #introduce(socket: Socket): Connection | undefined {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection !== undefined) this.#bySocket.set(socket, connection);
    return connection;
  }
}

/** Whether a request has no answer yet, or not all of it. Looked up when asked: a listener of each answer costs its time. */
function isAtWork({ lastAnswer }: Connection): boolean {
  return lastAnswer?.writableFinished === false;
}

/** What a TLS socket and the TCP socket below it have in common, and no other two that are open. */
function peerOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
