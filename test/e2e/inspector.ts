import { once } from "node:events";
import { eventuallySees } from "./polling.ts";
import type { ClusterWebhook } from "./cluster-webhook.ts";

/** The flag of Node that opens its inspector. */
export const INSPECTED = "--inspect=127.0.0.1:0";

/** Makes a process collect its garbage, so that a sample has only the memory in use. */
export class Inspector {
  readonly #socket: WebSocket;
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Connects to a process that was started with INSPECTED. */
  static async of(webhook: ClusterWebhook): Promise<Inspector> {
    const address = (): string | undefined => /ws:\/\/\S+/.exec(webhook.crash)?.[0];
    await eventuallySees("the inspector listens", () =>
      Promise.resolve(address() === undefined ? "no address" : undefined),
    );
    const socket = new WebSocket(address() ?? "");
    await once(socket, "open");
    return new Inspector(socket);
  }

  async collectGarbage(): Promise<void> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const onMessage = ({ data }: MessageEvent): void => {
      if ((JSON.parse(String(data)) as { id?: number }).id === id) resolve(undefined);
    };
    this.#socket.addEventListener("message", onMessage);
    this.#socket.send(JSON.stringify({ id, method: "HeapProfiler.collectGarbage" }));
    await promise;
    this.#socket.removeEventListener("message", onMessage);
  }

  close(): void {
    this.#socket.close();
  }
}
