import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

/**
 * Every connection of a server, also those that never finish their TLS handshake, of which Node's own list knows
 * nothing. Beyond `most`, who holds one without asking gives way: first those that never asked, then those that have
 * not asked for longest. While all are at work a new one is turned away.
 */
export class Connections {
  readonly #most: number;
  readonly #byPeer = new Map<string, Socket>();
  readonly #strangers = new Set<Socket>();
  readonly #idle = new Set<Socket>();
  readonly #busy = new Set<Socket>();

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
    return this.#strangers.size + this.#idle.size + this.#busy.size;
  }

  /**
   * Ends those that asked before and have no request under way, one in each turn of the event loop: what arrived
   * meanwhile over the next ones has been read by then, and is answered.
   */
  async releaseIdle(): Promise<void> {
    // The present turn may have read already.
    await turn();
    for (const socket of this.#idle) {
      await turn();
      if (this.#idle.has(socket)) socket.destroy();
    }
  }

  /** Ends all that have no request under way. */
  cutIdle(): void {
    for (const socket of [...this.#strangers, ...this.#idle]) socket.destroy();
  }

  /** Ends all; gives how many of them had a request under way. */
  cutAll(): number {
    const cut = this.#busy.size;
    this.cutIdle();
    for (const socket of [...this.#busy]) socket.destroy();
    return cut;
  }

  #accept(socket: Socket): void {
    if (this.count >= this.#most && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.#byPeer.set(peer, socket);
    this.#strangers.add(socket);
    socket.once("close", () => {
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
      for (const set of [this.#strangers, this.#idle, this.#busy]) set.delete(socket);
    });
  }

  #makeRoom(): boolean {
    for (const set of [this.#strangers, this.#idle]) {
      for (const socket of set) {
        set.delete(socket);
        socket.destroy();
        return true;
      }
    }
    return false;
  }

  #work(request: IncomingMessage, response: ServerResponse): void {
    const socket = this.#byPeer.get(peerOf(request.socket));
    if (socket === undefined) return;
    this.#strangers.delete(socket);
    this.#idle.delete(socket);
    this.#busy.add(socket);
    response.once("close", () => {
      if (this.#busy.delete(socket) && !socket.destroyed) this.#idle.add(socket);
    });
  }
}

/** What a TLS socket and the TCP socket below it have in common, and no other two that are open. */
function peerOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
