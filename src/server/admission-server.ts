import fastify, { type FastifyError, type FastifyInstance, type FastifyServerOptions, LogController } from "fastify";
import type { Logger } from "pino";
import type { Endpoint } from "../references/target.ts";
import { bodyFaultOf, parseJsonBodies } from "./body.ts";
import { clientText } from "./client-text.ts";
import { Drain, systemTiming } from "./drain.ts";
import { EventLoopLag } from "./event-loop-lag.ts";
import { BODY_LIMIT, CONNECTION_TIMEOUT, KEEP_ALIVE_TIMEOUT, MAX_REVIEWS, REQUEST_TIMEOUT } from "./limits.ts";
import { Overload } from "./overload.ts";
import { plainText } from "./plain-text.ts";
import type { Admission } from "./review-answer.ts";
import { decorateReviews, refuseOtherMethods, reviewRoute } from "./review-route.ts";
import { admitNamed, serverTls, type Tls } from "./tls.ts";

/** Where the API server posts its reviews. */
export const ENDPOINT_PATHS: Readonly<Record<Endpoint, string>> = { mutate: "/mutate", validate: "/validate" };

/** Parts that the owner of the server reads, too; made where absent. */
export interface ServerLoad {
  readonly drain?: Drain | undefined;
  readonly overload?: Overload | undefined;
  /** Reviews under way at the same time; MAX_REVIEWS where absent. */
  readonly maxReviews?: number;
}

/** Reviews over TLS and HTTP/1.1. Without TLS it only serves `inject`, for `replay`. */
export function admissionServer(
  admission: Admission,
  tls?: Tls,
  { drain = new Drain(systemTiming), overload, maxReviews = MAX_REVIEWS }: ServerLoad = {},
): FastifyInstance {
  const lag = new EventLoopLag(systemTiming.now);
  const server = fastify({ ...commonOptions(), ...(tls && { https: serverTls(tls) }) });
  // It is measured while the server listens.
  const lagNow = (): number => (server.server.listening ? lag.milliseconds : 0);
  const bounds = overload ?? new Overload({ now: systemTiming.now, lag: lagNow, maxReviews });
  if (overload === undefined) measureWhileListening(server, lag);
  closeWhileDraining(server, drain);
  if (tls?.clientNames !== undefined) admitNamed(server, tls.clientNames);
  parseJsonBodies(server);
  decorateReviews(server);
  for (const [endpoint, url] of Object.entries(ENDPOINT_PATHS) as [Endpoint, string][]) {
    reviewRoute(server, { url, endpoint, admission, overload: bounds });
    refuseOtherMethods(server, url);
  }
  answerOtherPaths(server);
  answerErrors(server, admission.log);
  return server;
}

/** What both servers share. A draining server goes on answering, and closes its connections one by one. */
export function commonOptions(): FastifyServerOptions {
  return {
    bodyLimit: BODY_LIMIT,
    connectionTimeout: CONNECTION_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    return503OnClosing: false,
    // A URL that cannot be decoded is of no route, and comes by no hook.
    frameworkErrors: (error, _, reply) => {
      plainText(reply.header("Connection", "close"), 400, clientText(error.message));
    },
    logController: new LogController({ disableRequestLogging: true }),
  };
}

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

/** A connection that stays open after its last answer would delay the end, and bring the next review here. */
function closeWhileDraining(server: FastifyInstance, drain: Drain): void {
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

/** Answered before a body is read. */
function answerOtherPaths(server: FastifyInstance): void {
  const paths = Object.values(ENDPOINT_PATHS).map((path) => `POST ${path}`);
  server.addHook("onRequest", (request, reply, done) => {
    if (request.is404) plainText(reply, 404, `no such path; there is ${paths.join(" and ")}`);
    else done();
  });
}

function answerErrors(server: FastifyInstance, log: Logger): void {
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    // Fastify closes a connection over an unread body, which resets it, and the answer with it. Node reads and drops the
    // rest of the body once the answer is written.
    reply.removeHeader("Connection");
    const { status, code, text } = bodyFaultOf(error, request) ?? faultOf(error);
    if (status >= 500) log.error({ err: error }, "request failed");
    else if (code !== "cut-off") log.warn({ status, why: code }, "malformed request");
    return plainText(reply, status, text);
  });
}

/** Of an error with a status below 500 the message is for the client. */
function faultOf({ statusCode = 500, code, message }: Partial<FastifyError>): RequestFault {
  return { status: statusCode, code, text: statusCode >= 500 ? "internal error" : clientText(message ?? "") };
}

interface RequestFault {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}
