import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { freePort } from "./processes.ts";
import { imageObject, isClusterImage, PAGE_SIZE } from "./workload.ts";

const KINDS = {
  virtualmachineimages: "VirtualMachineImage",
  clustervirtualmachineimages: "ClusterVirtualMachineImage",
} as const;
type Plural = keyof typeof KINDS;
const PLURALS = ["virtualmachineimages", "clustervirtualmachineimages"] as const;
const VERSION = "vmoperator.vmware.com/v1alpha6";

/** An API server with images only. It makes pages in advance, so that the time of a list is spent by its reader. */
export class ApiServer {
  readonly url: string;
  readonly #server: Server;
  readonly #pages: ReadonlyMap<Plural, readonly Buffer[]>;
  readonly #watches = new Map<ServerResponse, Plural>();
  /** Times of the requests for the first page and for the watch after the last page. */
  #marks: { listed?: number; watched: Partial<Record<Plural, number>> } = { watched: {} };

  private constructor(port: number, certDir: string, images: number) {
    this.url = `https://127.0.0.1:${port}`;
    this.#pages = new Map(PLURALS.map((plural) => [plural, pagesOf(plural, images)]));
    const tls = { cert: readFileSync(join(certDir, "tls.crt")), key: readFileSync(join(certDir, "tls.key")) };
    this.#server = createServer({ ...tls, keepAliveTimeout: 120_000 }, ({ url }, response) => {
      this.#answer(new URL(url ?? "/", this.url), response);
    });
  }

  static async start(certDir: string, images: number): Promise<ApiServer> {
    const port = await freePort();
    const api = new ApiServer(port, certDir, images);
    await new Promise<void>((resolve) => api.#server.listen(port, "127.0.0.1", resolve));
    return api;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Prepares to time the next list. */
  forgetList(): void {
    this.#marks = { watched: {} };
  }

  /** Milliseconds from the first page to the last watch. Throws until the list is complete. */
  listTime(): number {
    const time = Math.max(...PLURALS.map((plural) => this.#marks.watched[plural] ?? NaN)) - (this.#marks.listed ?? NaN);
    if (Number.isNaN(time)) throw new Error("the list is not complete");
    return time;
  }

  /** Ends all watches with 410 Gone, so that their readers list again. */
  expire(): void {
    this.forgetList();
    const status = { kind: "Status", apiVersion: "v1", status: "Failure", code: 410, message: "too old" };
    for (const response of this.#watches.keys()) response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    this.#watches.clear();
  }

  #answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    const [, , , version, plural] = pathname.split("/") as [string, string, string, string?, Plural?];
    response.setHeader("content-type", "application/json");
    if (version === undefined) {
      response.end(JSON.stringify({ kind: "APIGroup", versions: [{ groupVersion: VERSION, version: "v1alpha6" }] }));
    } else if (plural === undefined) {
      response.end(JSON.stringify({ resources: PLURALS.map((name) => ({ name, kind: KINDS[name] })) }));
    } else if (searchParams.get("watch") === "true") {
      this.#marks.watched[plural] ??= performance.now();
      this.#watches.set(response, plural);
      response.once("close", () => this.#watches.delete(response));
      response.flushHeaders();
    } else if (searchParams.get("limit") === String(PAGE_SIZE)) {
      this.#marks.listed ??= performance.now();
      response.end(this.#pages.get(plural)?.[Number(searchParams.get("continue") ?? 0)]);
    } else {
      response.writeHead(400).end();
    }
  }
}

/** As JSON. */
function pagesOf(plural: Plural, images: number): readonly Buffer[] {
  const isWanted = (position: number): boolean =>
    isClusterImage(position) === (plural === "clustervirtualmachineimages");
  const positions = Array.from({ length: images }, (_, position) => position).filter(isWanted);
  return Array.from({ length: Math.ceil(positions.length / PAGE_SIZE) }, (_, page) => {
    const next = (page + 1) * PAGE_SIZE < positions.length ? { continue: String(page + 1) } : {};
    const metadata = { resourceVersion: "1000000", ...next };
    const items = positions.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map(imageObject);
    return Buffer.from(JSON.stringify({ apiVersion: VERSION, kind: `${KINDS[plural]}List`, metadata, items }));
  });
}
