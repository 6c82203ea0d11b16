import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

/** Milliseconds without a byte after which a call has failed. */
const MAX_SILENCE = 10_000;
const END_OF_HEAD = "\r\n\r\n";

/** A keep-alive connection like an API server's: HTTP/1.1 over TLS 1.3, one call at a time, always with the same body. */
export class Connection {
  readonly #socket: TLSSocket;
  readonly #call: Buffer;
  #received = "";
  #pending: PromiseWithResolvers<string> | undefined;

  private constructor(socket: TLSSocket, body: string) {
    this.#socket = socket;
    const lines = [
      "POST /mutate?timeout=10s HTTP/1.1",
      "host: 127.0.0.1",
      "accept: application/json, */*",
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    this.#call = Buffer.from(`${lines.join("\r\n")}${END_OF_HEAD}${body}`);
    // Answers are ASCII, so one character is one byte.
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      this.#receive(chunk);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#pending?.reject(new Error("the connection was closed"));
    });
    socket.setTimeout(MAX_SILENCE, () => {
      if (this.#pending !== undefined) socket.destroy();
    });
  }

  static async open({ port, ca }: { port: number; ca: string }, body: string): Promise<Connection> {
    const socket = connect({ host: "127.0.0.1", port, ca, minVersion: "TLSv1.3", ALPNProtocols: ["http/1.1"] });
    await once(socket, "secureConnect");
    socket.setNoDelay(true);
    return new Connection(socket, body);
  }

  /** The body of the answer. Throws where its status is not 200, or the connection is closed. */
  async ask(): Promise<string> {
    if (this.#socket.destroyed) throw new Error("the connection is closed");
    this.#received = "";
    this.#pending = Promise.withResolvers();
    this.#socket.write(this.#call);
    return this.#pending.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: string): void {
    this.#received += chunk;
    const endOfHead = this.#received.indexOf(END_OF_HEAD);
    if (endOfHead === -1) return;
    const head = this.#received.slice(0, endOfHead);
    const body = this.#received.slice(endOfHead + END_OF_HEAD.length);
    const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
    if (!head.startsWith("HTTP/1.1 200 ") || length === undefined) {
      this.#pending?.reject(new Error(`answered ${head}`));
      this.#socket.destroy();
    } else if (body.length >= Number(length)) {
      this.#pending?.resolve(body);
      this.#pending = undefined;
    }
  }
}
