import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort, startNode } from "./processes.ts";

export interface ApiServerOptions {
  readonly port: number;
  readonly certDir: string;
  readonly images: number;
}

/** What the API server of the bench is told; it answers each order once it is carried out. */
export type ApiServerOrder =
  | { readonly do: "forget" | "listTime" | "expire" | "calm" }
  | { readonly do: "write"; readonly position: number; readonly displayName: string }
  | { readonly do: "storm"; readonly perSecond: number };

export interface ApiServerAnswer {
  /** Milliseconds of the last complete list of both kinds, to the watches behind it; undefined while it lasts. */
  readonly listTime?: number | undefined;
  /** When an image was written: `process.hrtime.bigint()`, a clock that all processes share. */
  readonly at?: string;
  /** In the storm that is over. */
  readonly written?: number;
}

/** The API server in its own process; two of them do not share orders. */
export class ApiServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `https://127.0.0.1:${port}`;
  }

  static async start(certDir: string, images: number): Promise<ApiServer> {
    const port = await freePort();
    const options: ApiServerOptions = { port, certDir, images };
    const args = [join(import.meta.dirname, "api-server.ts"), JSON.stringify(options)];
    const child = startNode({ place: "measuring", args, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    await once(child, "message");
    return new ApiServer(child, port);
  }

  /** One order at a time. */
  async order(order: ApiServerOrder): Promise<ApiServerAnswer> {
    const answered = once(this.#child, "message");
    this.#child.send(order);
    const [answer] = (await answered) as [ApiServerAnswer];
    return answer;
  }

  stop(): void {
    this.#child.kill();
  }
}
