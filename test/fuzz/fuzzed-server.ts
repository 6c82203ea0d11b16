import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { decider, type AdmissionPolicy } from "../../src/admission/decide.ts";
import { privilegedCallers } from "../../src/admission/privileged.ts";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { type Image, IMAGE_KINDS } from "../../src/images/image.ts";
import { MemoryImageIndex } from "../../src/images/image-index.ts";

import { admissionServer } from "../../src/server/admission-server.ts";
import { listen } from "../../src/server/listen.ts";
import type { LogLine } from "../support/log-lines.ts";
import { injecting, type Post } from "../support/api-server-request.ts";
import { patientOverload } from "../support/patient-overload.ts";
import { metricsOf } from "../support/scrape.ts";
import { TlsClient } from "../support/tls-client.ts";

/** How a review travels. */
export const WAYS = ["inject", "tls"] as const;
export type Way = (typeof WAYS)[number];

/** A server whose images change from case to case, and what it logs. */
export class FuzzedServer {
  readonly #server: FastifyInstance;
  readonly #index: MemoryImageIndex;
  readonly #client: TlsClient;
  readonly #posts: Readonly<Record<Way, Post>>;
  readonly #lines: LogLine[];

  private constructor(server: FastifyInstance, index: MemoryImageIndex, client: TlsClient, lines: LogLine[]) {
    this.#server = server;
    this.#index = index;
    this.#client = client;
    this.#lines = lines;
    const tls: Post = async (path, body) => {
      const { status, headers, text } = await client.post(path, body);
      return { status, contentType: headers["content-type"] ?? "", text };
    };
    this.#posts = { inject: injecting(server), tls };
  }

  static async start(policy: Pick<AdmissionPolicy, "write" | "resolution">): Promise<FuzzedServer> {
    const { ca, ...certificate } = await selfSigned(["127.0.0.1"], new Date());
    const lines: LogLine[] = [];
    const index = new MemoryImageIndex();
    const admission = {
      index,
      decide: decider({
        ...policy,
        levels: DEFAULT_LEVELS,
        teamGroupPrefix: "loft:team:",
        isPrivileged: privilegedCallers({ users: [], groups: [] }),
      }),
      log: pino({ base: null }, { write: (line) => lines.push(JSON.parse(line) as LogLine) }),
      metrics: metricsOf({ index }).reviews,
      // A live read that finds nothing new, so that each refusal is decided twice.
      confirm: () => Promise.resolve(true),
    };
    const server = admissionServer(admission, certificate, { overload: patientOverload() });
    const port = await listen(server, { host: "127.0.0.1", port: 0 });
    return new FuzzedServer(server, index, new TlsClient(port, ca), lines);
  }

  /** All that there is from now on. */
  holds(images: readonly Image[]): void {
    for (const kind of IMAGE_KINDS) {
      const relist = this.#index.relist(kind);
      relist.add(images.filter((image) => image.kind === kind));
      relist.replace();
    }
  }

  post(way: Way): Post {
    return (path, body) => {
      this.#lines.length = 0;
      return this.#posts[way](path, body);
    };
  }

  /** What it logged of the last call. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#server.close();
  }
}
