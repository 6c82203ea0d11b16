import fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from "fastify";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Endpoint } from "../references/subject.ts";
import { DirectRequest } from "./direct-request.ts";
import { Drain, systemTiming } from "./drain.ts";
import { EventLoopLag } from "./event-loop-lag.ts";
import { REQUEST_TIMEOUT } from "./limits.ts";
import { Overload } from "./overload.ts";
import type { Admission } from "./pending-review.ts";
import { plainText } from "./plain-text.ts";
import { ReviewExchange, type ReviewPath } from "./review-exchange.ts";
import { admitNamed, serverTls, type Tls } from "./tls.ts";

/** Where the API server posts its reviews. */
export const ENDPOINT_PATHS: Readonly<Record<Endpoint, string>> = { mutate: "/mutate", validate: "/validate" };

const OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** What an owner of the server looks into; made where absent. */
export interface ServerLoad {
  readonly drain?: Drain | undefined;
  readonly overload?: Overload | undefined;
}

/** Reviews over TLS and HTTP/1.1. Without TLS it only serves `inject`, for `replay`. */
export function admissionServer(
  admission: Admission,
  tls?: Tls,
  { drain = new Drain(systemTiming), overload }: ServerLoad = {},
): FastifyInstance {
  const lag = new EventLoopLag(systemTiming.now);
  const shedding = overload ?? new Overload({ now: systemTiming.now, lag: () => lag.milliseconds });
  const paths = new Map(
    (Object.entries(ENDPOINT_PATHS) as [Endpoint, string][]).map(([endpoint, url]): [string, ReviewPath] => [
      url,
      { endpoint, admission, overload: shedding, drain },
    ]),
  );
  const server = fastify({ ...commonOptions(), ...(tls && { serverFactory: reviewsFirst(tls, paths) }) });
  if (tls?.clientNames !== undefined) admitNamed(server, tls.clientNames);
  if (overload === undefined) measureWhileListening(server, lag);
  takeAnyBody(server);
  for (const [url, path] of paths) serveReviews(server, url, path);
  answerOthersInText(server, admission);
  letGoWhileDraining(server, drain);
  return server;
}

/** Of every server, whoever makes it. Connections that ask no more are ended by Connections. */
const TIMEOUTS = { keepAliveTimeout: 0, requestTimeout: REQUEST_TIMEOUT };

/** What both servers share. A draining server goes on answering, and tells its clients to go elsewhere. */
export function commonOptions(): FastifyServerOptions {
  return {
    ...TIMEOUTS,
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true }),
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A server that takes reviews before Fastify routes them: its hooks, body parser and replies took a tenth of the time
 * of a review. Where callers must have a name, Fastify's hook looks at it first.
 */
function reviewsFirst(tls: Tls, paths: ReadonlyMap<string, ReviewPath>): (handler: Handler) => Server {
  const isNamed = (tls.clientNames ?? []).length > 0;
  const options = { ...serverTls(tls), ...TIMEOUTS, IncomingMessage: DirectRequest };
  return (handler) =>
    createServer(options, (request, response) => {
      const path = request.method === "POST" && !isNamed ? paths.get(pathOf(request.url ?? "")) : undefined;
      if (path === undefined) handler(request, response);
      else new ReviewExchange(path, request, response).begin();
    });
}

function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

/** Its lag is measured while the server listens. */
function measureWhileListening(server: FastifyInstance, lag: EventLoopLag): void {
  server.addHook("onListen", (done) => {
    lag.start();
    done();
  });
  server.addHook("onClose", (_, done) => {
    lag.stop();
    done();
  });
}

/** Nobody but a ReviewExchange reads a body: whatever comes to another route has its answer without. */
function takeAnyBody(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", (_request, _payload, done) => {
    done(null);
  });
}

function serveReviews(server: FastifyInstance, url: string, path: ReviewPath): void {
  server.route({
    method: "POST",
    url,
    onRequest: (request, reply) => {
      reply.hijack();
      new ReviewExchange(path, request.raw, reply.raw).begin();
    },
    handler: (_, reply) => reply,
  });
  server.route({
    method: OTHER_METHODS,
    url,
    handler: (_, reply) => plainText(reply.header("Allow", "POST"), 405, `${url} takes POST only`),
  });
}

/** A connection that stays open after its last answer would hold up the end, and bring the next review here. */
function letGoWhileDraining(server: FastifyInstance, drain: Drain): void {
  server.addHook("preClose", (done) => {
    drain.start();
    done();
  });
  server.addHook("onRequest", (_request, _reply, done) => {
    drain.noteRequest();
    done();
  });
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (drain.isDraining) reply.header("Connection", "close");
    done();
  });
}

function answerOthersInText(server: FastifyInstance, { log }: Admission): void {
  const paths = Object.values(ENDPOINT_PATHS).map((path) => `POST ${path}`);
  server.setNotFoundHandler((_, reply) => plainText(reply, 404, `no such path; there is ${paths.join(" and ")}`));
  server.setErrorHandler<Error & { statusCode?: number; code?: string }>((error, _, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) log.error({ err: error }, "request failed");
    else log.warn({ status: code, why: error.code }, "malformed request");
    return plainText(reply, code, code >= 500 ? "internal error" : error.message);
  });
}
