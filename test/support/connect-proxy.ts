import http from "node:http";
import net, { type AddressInfo } from "node:net";

/** An HTTP proxy that tunnels every CONNECT to one address, whatever host is asked for. */
export class ConnectProxy {
  /** The targets that were asked for, as HOST:PORT. */
  readonly asked: string[] = [];
  /** Refuses every tunnel with this status; undefined allows them. */
  refusal: string | undefined;
  readonly #server = http.createServer();

  constructor(target: URL) {
    this.#server.on("connect", ({ url = "" }, client) => {
      this.asked.push(url);
      client.on("error", () => undefined);
      if (this.refusal !== undefined) {
        client.end(`HTTP/1.1 ${this.refusal}\r\n\r\n`);
        return;
      }
      const upstream = net.connect(Number(target.port), target.hostname, () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(client);
        client.pipe(upstream);
      });
      upstream.on("error", () => client.destroy());
      client.on("close", () => upstream.destroy());
    });
  }

  async listen(): Promise<URL> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
