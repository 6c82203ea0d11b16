import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { commonOptions } from "./admission-server.ts";
import type { ReadinessCheck } from "../common/readiness.ts";
import { SYSTEM_TIMING } from "../common/timing.ts";
import { PLAIN_TEXT, plainText } from "./plain-text.ts";
import { readinessOf, readinessText } from "./readyz.ts";
import { closeWhileDraining, Drain } from "./shutdown.ts";

/** What Prometheus reads, as it is now. */
export interface Scrape {
  readonly contentType: string;
  text(): Promise<string>;
}

type ReadyzRequest = FastifyRequest<{ Querystring: Record<string, unknown> }>;

/** Plain HTTP for the kubelet, Prometheus and people: /livez and /readyz in the API server's format, and /metrics. */
export function opsServer(
  readiness: () => readonly ReadinessCheck[],
  scrape: Scrape,
  drain = new Drain(SYSTEM_TIMING),
): FastifyInstance {
  const server = fastify(commonOptions());
  closeWhileDraining(server, drain);
  server.get("/livez", (_, reply) => plainText(reply, 200, "ok"));
  server.get("/readyz", (request: ReadyzRequest, reply) => {
    const now = readinessOf(readiness());
    void reply.code(now.ready ? 200 : 503);
    if (wantsJson(request)) return reply.send(now);
    const isVerbose = request.query["verbose"] !== undefined || !now.ready;
    return reply.type(PLAIN_TEXT).send(readinessText(now, isVerbose));
  });
  server.get("/metrics", async (_, reply) => reply.type(scrape.contentType).send(await scrape.text()));
  server.setNotFoundHandler((_, reply) => plainText(reply, 404, "no such path; there is /livez, /readyz and /metrics"));
  return server;
}

/** By `?format=json`, or by an `Accept` that names JSON. Text is for everything else, such as the kubelet and curl. */
function wantsJson({ query, headers }: ReadyzRequest): boolean {
  return query["format"] === "json" || (headers.accept ?? "").includes("application/json");
}
