import fastify, { type FastifyError, type FastifyInstance, type FastifyServerOptions, LogController } from "fastify";
import type { Logger } from "pino";
import type { Endpoint } from "../references/target.ts";
import { CUT_OFF, parseJsonBodies } from "./body.ts";
import { clientText } from "./client-text.ts";
import { type Clock, SYSTEM_TIMING } from "../common/timing.ts";
import { EventLoopLag } from "./event-loop-lag.ts";
import { BODY_LIMIT, CONNECTION_TIMEOUT, KEEP_ALIVE_TIMEOUT, MAX_REVIEWS, REQUEST_TIMEOUT } from "./limits.ts";
import { Overload } from "./overload.ts";
import { plainText } from "./plain-text.ts";
import { requestFaultOf } from "./request-fault.ts";
import type { Admission } from "./review-answer.ts";
import { decorateReviews, refuseOtherMethods, reviewRoute } from "./review-route.ts";
import { closeWhileDraining, Drain } from "./shutdown.ts";
import { requireClientName, serverTls, type Tls } from "./tls.ts";

/** Where the API server posts its reviews. */
export const ENDPOINT_PATHS: Readonly<Record<Endpoint, string>> = { mutate: "/mutate", validate: "/validate" };

export interface ServerOptions {
  readonly clock?: Clock;
  /** Shared with the owner of the server. */
  readonly drain?: Drain | undefined;
  /** Replaces the server's own, which measures the event loop while the server listens. */
  readonly overload?: Overload | undefined;
  /** Reviews under way at the same time; MAX_REVIEWS where absent. */
  readonly maxReviews?: number;
}

/** Answers reviews over TLS and HTTP/1.1. Without TLS it only serves `inject`, for `replay`. */
export function admissionServer(admission: Admission, tls?: Tls, options: ServerOptions = {}): FastifyInstance {
  const { clock = SYSTEM_TIMING, maxReviews = MAX_REVIEWS, drain = new Drain(clock) } = options;
  const server = fastify({ ...commonOptions(), ...(tls && { https: serverTls(tls) }) });
  const overload = options.overload ?? measuredOverload(server, clock, maxReviews);
  closeWhileDraining(server, drain);
  noteRequests(server, drain);
  if (tls?.clientNames !== undefined) requireClientName(server, tls.clientNames);
  parseJsonBodies(server);
  decorateReviews(server);
  for (const [endpoint, url] of Object.entries(ENDPOINT_PATHS) as [Endpoint, string][]) {
    reviewRoute(server, { url, endpoint, admission, overload, clock });
    refuseOtherMethods(server, url);
  }
  answerOtherPaths(server);
  answerErrors(server, admission.log);
  return server;
}

/** The options of both servers. A draining server goes on answering, and closes its connections one by one. */
export function commonOptions(): FastifyServerOptions {
  return {
    bodyLimit: BODY_LIMIT,
    connectionTimeout: CONNECTION_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    return503OnClosing: false,
    // A URL that cannot be decoded belongs to no route, and passes no hook.
    frameworkErrors: (error, _, reply) => {
      plainText(reply.header("Connection", "close"), 400, clientText(error.message));
    },
    logController: new LogController({ disableRequestLogging: true }),
  };
}

/** `inject` needs no limit by lag, so the lag of a server that does not listen is 0. */
function measuredOverload(server: FastifyInstance, { monotonic }: Clock, maxReviews: number): Overload {
  const lag = new EventLoopLag(monotonic);
  server.addHook("onListen", (done) => {
    lag.start();
    done();
  });
  server.addHook("onClose", (_, done) => {
    lag.stop();
    done();
  });
  return new Overload({ monotonic, lag: () => (server.server.listening ? lag.milliseconds : 0), maxReviews });
}

function noteRequests(server: FastifyInstance, drain: Drain): void {
  server.addHook("onRequest", (_request, _reply, done) => {
    drain.noteRequest();
    done();
  });
}

/** Answers requests to unknown paths before a body is read. */
function answerOtherPaths(server: FastifyInstance): void {
  const paths = Object.values(ENDPOINT_PATHS).map((path) => `POST ${path}`);
  server.addHook("onRequest", (request, reply, done) => {
    if (request.is404) plainText(reply, 404, `no such path; there is ${paths.join(" and ")}`);
    else done();
  });
}

function answerErrors(server: FastifyInstance, log: Logger): void {
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    // Fastify asks to close a connection whose body is not read. That resets the connection, and the client loses the
    // answer. Without the header Node reads and drops the rest of the body once the answer is written.
    reply.removeHeader("Connection");
    const { status, code, text } = requestFaultOf(error, request);
    if (status >= 500) log.error({ err: error }, "request failed");
    else if (code !== CUT_OFF.code) log.warn({ status, why: code }, "malformed request");
    return plainText(reply, status, text);
  });
}
