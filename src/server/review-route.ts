import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Endpoint } from "../references/target.ts";
import { announcedLength, bodyOf } from "./body.ts";
import type { Clock } from "../common/timing.ts";
import { RETRY_AFTER_SECONDS } from "./limits.ts";
import type { InFlight, Overload, Rejected, Waiting } from "./overload.ts";
import { plainText } from "./plain-text.ts";
import { type Admission, answerReview, type ReviewAnswer } from "./review-answer.ts";
import { CALLER_GONE } from "./review-metrics.ts";
import { traceIdOf } from "./trace-context.ts";
import { type ReviewQuery, reviewTimeout } from "./review-timeout.ts";

export interface ReviewRoute {
  readonly url: string;
  readonly endpoint: Endpoint;
  readonly admission: Admission;
  readonly overload: Overload;
  readonly clock: Clock;
}

/** State of one request, from its headers to the end of its answer. */
interface Exchange {
  /** When the headers were complete, by the clock of the route. */
  readonly arrived: number;
  /** Undefined where the review was rejected. */
  inFlight: InFlight | undefined;
  isRead: boolean;
}

/** Name of the request decorator that holds the Exchange. */
const EXCHANGE = "exchange";

/** Declares the request decorator of reviewRoute. Call it once for each server. */
export function decorateReviews(server: FastifyInstance): void {
  server.decorateRequest(EXCHANGE, null);
}

/**
 * A path that takes reviews by POST. The answer is an AdmissionReview; without a decision it is 4xx, 500, 503 or 504 with
 * one line of text.
 */
export function reviewRoute(server: FastifyInstance, route: ReviewRoute): void {
  const { url, endpoint, admission, overload, clock } = route;
  server.route<{ Querystring: ReviewQuery }>({
    method: "POST",
    url,
    onRequest: (request, reply, done) => {
      if (admit(route, request, reply)) done();
    },
    handler: async (request, reply) => {
      const exchange = request.getDecorator<Exchange>(EXCHANGE);
      exchange.isRead = true;
      if (exchange.inFlight !== undefined) overload.arrived(exchange.inFlight);
      const elapsed = (): number => clock.monotonic() - exchange.arrived;
      const [receivedAfter, timeout] = [elapsed(), reviewTimeout(request.query)];
      const [body, traceId] = [bodyOf(request), traceIdOf(request.headers["traceparent"])];
      const call = { endpoint, body, traceId, elapsed, receivedAfter, timeout, response: reply.raw };
      send(await answerReview(call, admission), reply, overload);
    },
    onSend: (request, _, payload, done) => {
      // Undefined where a hook of the server answered before the onRequest above.
      const inFlight = request.getDecorator<Exchange | null>(EXCHANGE)?.inFlight;
      if (inFlight !== undefined) overload.answered(inFlight, Buffer.byteLength(String(payload)));
      // The request stays in memory until its client has the answer, and only the bytes of the answer are counted.
      request.body = undefined;
      done();
    },
  });
}

/** Answers requests with any other method before a body is read. */
export function refuseOtherMethods(server: FastifyInstance, url: string): void {
  server.route({
    method: OTHER_METHODS,
    url,
    onRequest: (_, reply) => {
      plainText(reply.header("Allow", "POST"), 405, `${url} takes POST only`);
    },
    handler: (_, reply) => reply,
  });
}

/** All that Fastify routes, besides POST. */
const OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

/** Begins an exchange. False where there is no room: then the request is answered already. */
function admit(route: ReviewRoute, request: FastifyRequest, reply: FastifyReply): boolean {
  const { endpoint, admission, overload, clock } = route;
  admission.metrics?.reviewStarted(endpoint);
  const exchange: Exchange = { arrived: clock.monotonic(), inFlight: undefined, isRead: false };
  request.setDecorator(EXCHANGE, exchange);
  // `close` comes after an answer, and also when the connection breaks before one; onResponse comes after an answer only.
  reply.raw.once("close", () => {
    end(route, exchange, reply);
  });
  const admitted = overload.admit({
    bytes: announcedLength(request),
    evict: (waiting) => {
      evict(waiting, request, reply);
    },
  });
  if (admitted.is === "admitted") exchange.inFlight = admitted;
  else reject(route, admitted, reply);
  return admitted.is === "admitted";
}

function send(answer: ReviewAnswer, reply: FastifyReply, overload: Overload): void {
  switch (answer.is) {
    case "review":
      reply.type("application/json").send(answer.review);
      return;
    case "text":
      plainText(reply, answer.status, answer.text);
      return;
    case "unavailable":
      unavailable(reply, answer.because, overload.reserveRetry());
  }
}

function unavailable(reply: FastifyReply, because: string, mayRetry: boolean): void {
  if (mayRetry) reply.header("Retry-After", String(RETRY_AFTER_SECONDS));
  plainText(reply, 503, because);
}

/** The connection stays open, and Node drops the body: closing would reset it, and the client would lose the answer. */
function reject({ endpoint, admission, overload }: ReviewRoute, rejected: Rejected, reply: FastifyReply): void {
  const { because, shouldLog, mayRetry } = rejected;
  admission.metrics?.reviewRejected(endpoint);
  if (shouldLog) admission.log.warn({ because, ...overload.counts }, "overloaded");
  unavailable(reply, `overloaded: ${because}`, mayRetry);
}

/** Ends an exchange whose client is slow. */
function evict(waiting: Waiting, request: FastifyRequest, reply: FastifyReply): void {
  switch (waiting) {
    case "arriving":
      plainText(
        reply.header("Connection", "close"),
        408,
        "the body arrives too slowly, and another review needs its place",
      );
      return;
    case "unsent":
      request.raw.socket.destroy();
  }
}

function end({ endpoint, admission, overload, clock }: ReviewRoute, exchange: Exchange, reply: FastifyReply): void {
  const { writableFinished, statusCode, headersSent } = reply.raw;
  if (exchange.inFlight !== undefined) overload.leave(exchange.inFlight, writableFinished);
  const spent = clock.monotonic() - exchange.arrived;
  admission.metrics?.reviewEnded(endpoint, writableFinished ? statusCode : CALLER_GONE, spent);
  if (!exchange.isRead && !headersSent) admission.log.info("the caller went away before its review had arrived");
}
