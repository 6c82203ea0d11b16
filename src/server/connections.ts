import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

interface Connection {
  readonly socket: Socket;
  /** Requests without an answer: a client may send the next one before it has the last answer. */
  underWay: number;
  /** How many requests the server had seen when the last of these was answered; 0 before any was. */
  idleSince: number;
}

/**
 * Every connection of a server, also those that never finish their TLS handshake, of which Node's own list knows
 * nothing. Beyond `most`, who holds one without asking gives way: first those that never asked, then those that have
 * not asked for longest. While all are at work a new one is turned away.
 */
export class Connections {
  readonly #most: number;
  /** In the order in which they were made. */
  readonly #all = new Set<Connection>();
  readonly #byPeer = new Map<string, Connection>();
  /** Of an HTTPS server by its TLS sockets, which live as long. */
  readonly #bySocket = new WeakMap<Socket, Connection>();
  #requests = 0;

  constructor(server: HttpServer, most: number) {
    this.#most = most;
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
    // The present turn may have read already.
    await turn();
    for (const connection of this.#all) {
      if (!hasAsked(connection)) continue;
      await turn();
      if (connection.underWay === 0) connection.socket.destroy();
    }
  }

  /** Ends all that have no request under way. */
  cutIdle(): void {
    for (const { underWay, socket } of this.#all) if (underWay === 0) socket.destroy();
  }

  /** Ends all; gives how many of them had a request under way. */
  cutAll(): number {
    let cut = 0;
    for (const { underWay, socket } of this.#all) {
      if (underWay > 0) cut++;
      socket.destroy();
    }
    return cut;
  }

  #accept(socket: Socket): void {
    if (this.count >= this.#most && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    const connection: Connection = { socket, underWay: 0, idleSince: 0 };
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
      if (connection.underWay > 0) continue;
      if (least === undefined || connection.idleSince < least.idleSince) least = connection;
    }
    if (least === undefined) return false;
    this.#all.delete(least);
    least.socket.destroy();
    return true;
  }

  #work({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#bySocket.get(socket) ?? this.#introduce(socket);
    if (connection === undefined) return;
    connection.underWay++;
    this.#requests++;
    response.on("close", () => {
      connection.underWay--;
      connection.idleSince = this.#requests;
    });
  }

  #introduce(socket: Socket): Connection | undefined {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection !== undefined) this.#bySocket.set(socket, connection);
    return connection;
  }
}

function hasAsked({ underWay, idleSince }: Connection): boolean {
  return underWay > 0 || idleSince > 0;
}

/** What a TLS socket and the TCP socket below it have in common, and no other two that are open. */
function peerOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
