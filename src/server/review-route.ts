import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Endpoint } from "../references/target.ts";
import { announcedLength, bodyOf } from "./body.ts";
import { RETRY_AFTER_SECONDS } from "./limits.ts";
import type { InFlight, Overload, Rejected, Waiting } from "./overload.ts";
import { plainText } from "./plain-text.ts";
import { type Admission, answerReview, type ReviewAnswer } from "./review-answer.ts";
import { CALLER_GONE } from "./review-metrics.ts";
import { type ReviewQuery, reviewTimeout } from "./review-timeout.ts";

export interface ReviewRoute {
  readonly url: string;
  readonly endpoint: Endpoint;
  readonly admission: Admission;
  readonly overload: Overload;
}

/** State of one request, from its headers to the end of its answer. */
interface Exchange {
  /** `performance.now()` when the headers were complete. */
  readonly arrived: number;
  /** Undefined where it was not admitted. */
  inFlight: InFlight | undefined;
  isRead: boolean;
}

/** Name of the request decorator that holds the Exchange. */
const EXCHANGE = "exchange";

/** Declares the request decorator of reviewRoute. To be called once for each server. */
export function decorateReviews(server: FastifyInstance): void {
  server.decorateRequest(EXCHANGE, null);
}

/**
 * One path that takes reviews by POST: an AdmissionReview in, its answer out. Without a decision the answer is 4xx, 500,
 * 503 or 504 with one line of text.
 */
export function reviewRoute(server: FastifyInstance, route: ReviewRoute): void {
  const { url, endpoint, admission, overload } = route;
  server.route<{ Querystring: ReviewQuery }>({
    method: "POST",
    url,
    onRequest: (request, reply, done) => {
      if (admit(route, request, reply)) done();
    },
    handler: async (request, reply) => {
      const received = performance.now();
      const exchange = request.getDecorator<Exchange>(EXCHANGE);
      exchange.isRead = true;
      if (exchange.inFlight !== undefined) overload.arrived(exchange.inFlight);
      const { arrived } = exchange;
      const timeout = reviewTimeout(request.query);
      const call = { endpoint, body: bodyOf(request), arrived, received, timeout, response: reply.raw };
      send(await answerReview(call, admission), reply, overload);
    },
    onSend: (request, _, payload, done) => {
      // None where a hook of the server answered before onRequest above.
      const inFlight = request.getDecorator<Exchange | null>(EXCHANGE)?.inFlight;
      if (inFlight !== undefined) overload.answered(inFlight, Buffer.byteLength(String(payload)));
      // The request lives until its client has the answer, of which the bytes count.
      request.body = undefined;
      done();
    },
  });
}

/** Answers every other method of a path before a body is read. */
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

const OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Begins an exchange; false where it was answered already: there is no room. */
function admit(route: ReviewRoute, request: FastifyRequest, reply: FastifyReply): boolean {
  const { endpoint, admission, overload } = route;
  admission.metrics?.reviewStarted(endpoint);
  const exchange: Exchange = { arrived: performance.now(), inFlight: undefined, isRead: false };
  request.setDecorator(EXCHANGE, exchange);
  // Emitted after an answer and after a connection that broke before one; onResponse is not.
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

/** The body is not read, and Node drops it: to close the connection over it would reset it, and the answer with it. */
function reject({ endpoint, admission, overload }: ReviewRoute, rejected: Rejected, reply: FastifyReply): void {
  const { because, isNews, mayRetry } = rejected;
  admission.metrics?.shed(endpoint);
  if (isNews) admission.log.warn({ because, ...overload.counts }, "overloaded");
  unavailable(reply, `overloaded: ${because}`, mayRetry);
}

/** Ends an exchange whose client is slow. */
function evict(waiting: Waiting, request: FastifyRequest, reply: FastifyReply): void {
  switch (waiting) {
    case "arriving":
      plainText(reply.header("Connection", "close"), 408, "the body takes too long, and others wait");
      return;
    case "unsent":
      request.raw.socket.destroy();
  }
}

function end({ endpoint, admission, overload }: ReviewRoute, exchange: Exchange, reply: FastifyReply): void {
  const { writableFinished, statusCode, headersSent } = reply.raw;
  if (exchange.inFlight !== undefined) overload.leave(exchange.inFlight, writableFinished);
  const spent = performance.now() - exchange.arrived;
  admission.metrics?.reviewEnded(endpoint, writableFinished ? statusCode : CALLER_GONE, spent);
  if (!exchange.isRead && !headersSent) admission.log.info("the caller went away before its review had arrived");
}
