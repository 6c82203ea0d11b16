import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What a Service is to its endpoints: TCP to one port, to each of several in turn. */
export class Balancer {
  /** Ports of this machine. */
  targets: readonly number[] = [];
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #next = 0;

  private constructor() {
    this.#server = createServer((socket) => {
      this.#join(socket);
    });
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    balancer.#server.listen(0, "127.0.0.1");
    await once(balancer.#server, "listening");
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #join(socket: Socket): void {
    const target = this.targets[this.#next++ % this.targets.length];
    if (target === undefined) {
      socket.destroy();
      return;
    }
    const other = connect(target, "127.0.0.1");
    for (const [one, another] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#open.add(one);
      one.on("error", () => undefined);
      one.once("close", () => {
        this.#open.delete(one);
        another.destroy();
      });
    }
    socket.pipe(other).pipe(socket);
  }
}
