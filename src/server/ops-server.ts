import fastify, { type FastifyInstance } from "fastify";
import { commonOptions } from "./admission-server.ts";
import { SYSTEM_TIMING } from "../common/timing.ts";
import { PLAIN_TEXT, plainText } from "./plain-text.ts";
import { closeWhileDraining, Drain } from "./shutdown.ts";

/** A condition of readiness, as it is now. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

/** What Prometheus reads, as it is now. */
export interface Scrape {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Plain HTTP for the kubelet, Prometheus and people: /livez and /readyz in the API server's format, and /metrics. */
export function opsServer(
  readiness: () => readonly ReadinessCheck[],
  scrape: Scrape,
  drain = new Drain(SYSTEM_TIMING),
): FastifyInstance {
  const server = fastify(commonOptions());
  closeWhileDraining(server, drain);
  server.get("/livez", (_, reply) => plainText(reply, 200, "ok"));
  server.get<{ Querystring: Record<string, unknown> }>("/readyz", (request, reply) => {
    const results = readiness();
    const ready = results.every(({ ok }) => ok);
    const verbose = request.query["verbose"] !== undefined || !ready;
    const lines = results.map(({ name, ok, text }) => `[${ok ? "+" : "-"}]${name} ${ok ? "ok" : "failed"}: ${text}`);
    const verdict = ready ? "ok" : "not ready";
    const body = verbose ? [...lines, verdict].join("\n") : verdict;
    return reply
      .code(ready ? 200 : 503)
      .type(PLAIN_TEXT)
      .send(`${body}\n`);
  });
  server.get("/metrics", async (_, reply) => reply.type(scrape.contentType).send(await scrape.text()));
  server.setNotFoundHandler((_, reply) => plainText(reply, 404, "no such path; there is /livez, /readyz and /metrics"));
  return server;
}
