import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP proxy to the API server or to webhooks, as a Service is: each new connection goes to the next target, and is
 * closed where there is none. While it is cut, new connections wait, so that a client sees no failure after the first.
 */
export class Proxy {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #waiting: Socket[] = [];
  #isCut = false;

  #targets: readonly number[];
  #connections = 0;

  private constructor(targets: readonly number[]) {
    this.#targets = targets;
    this.#server = createServer((socket) => {
      this.#keep(socket);
      if (this.#isCut) this.#waiting.push(socket);
      else this.#join(socket);
    });
  }

  /** `targets`: ports of this machine. */
  static async start(...targets: readonly number[]): Promise<Proxy> {
    const proxy = new Proxy(targets);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** The number of waiting connections. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Changes the targets of new connections; open ones stay. */
  forwardTo(...targets: readonly number[]): void {
    this.#targets = targets;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  mend(): void {
    this.#isCut = false;
    for (const socket of this.#waiting) this.#join(socket);
    this.#waiting = [];
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #join(socket: Socket): void {
    const target = this.#targets[this.#connections++ % this.#targets.length];
    if (target === undefined) {
      socket.destroy();
      return;
    }
    const other = connect(target, "127.0.0.1");
    this.#keep(other);
    socket.pipe(other).pipe(socket);
    socket.once("close", () => other.destroy());
    other.once("close", () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#waiting = this.#waiting.filter((each) => each !== socket);
    });
  }
}
