import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** TCP to the API server. Cut, whoever connects waits until it is let through: no failure but the first is counted. */
export class Proxy {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #waiting: Socket[] = [];
  #isCut = false;

  private constructor(target: number) {
    this.#server = createServer((socket) => {
      this.#keep(socket);
      if (this.#isCut) this.#waiting.push(socket);
      else this.#join(socket, target);
    });
    this.#target = target;
  }

  readonly #target: number;

  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  mend(): void {
    this.#isCut = false;
    for (const socket of this.#waiting) this.#join(socket, this.#target);
    this.#waiting = [];
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #join(socket: Socket, target: number): void {
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
