import type { FastifyReply, FastifyRequest } from "fastify";
import { decodeReview } from "../admission/review.ts";
import { messageOf } from "../failure.ts";
import type { Endpoint } from "../references/subject.ts";
import { BODY_LIMIT, RETRY_AFTER_SECONDS } from "./limits.ts";
import type { Arrival, Overload, Place, Shed } from "./overload.ts";
import { type Admission, PendingReview } from "./pending-review.ts";
import { plainText } from "./plain-text.ts";
import { reviewTimeout } from "./review-timeout.ts";

export interface AdmissionRoute {
  /** Runs when the headers are in; the body may take long. */
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;
}

interface Begun {
  /** `performance.now()` when the headers were in. */
  readonly at: number;
  readonly place: Place;
}

/** POST /mutate or /validate: an AdmissionReview in, its answer out; what is no decision is 4xx, 500, 503 or 504. */
export function admissionRoute(endpoint: Endpoint, admission: Admission, overload: Overload): AdmissionRoute {
  const begun = new WeakMap<FastifyRequest, Begun>();
  const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> => {
    const received = performance.now();
    const { at: arrived = received, place } = begun.get(request) ?? {};
    place?.arrived();
    const review = decodeReview(parseJson(request.body));
    if (review.is === "malformed") {
      const { uid, why } = review;
      admission.log.warn({ endpoint, uid, why }, "malformed review");
      return plainText(reply, 400, uid === "" ? why : `${why}, in review ${uid}`);
    }
    const timeout = reviewTimeout((request.query as Record<string, unknown>)["timeout"]);
    return new PendingReview({
      endpoint,
      admission,
      reply,
      review,
      arrived,
      received,
      timeout,
      mayRetry: () => overload.hold(),
    }).answer();
  };
  return {
    onRequest: (request, reply, done) => {
      const place = overload.admit(arrivalOf(request, reply));
      if (place.is === "shed") {
        admission.metrics?.shed(endpoint);
        if (place.isNews) admission.log.warn({ because: place.because, ...overload.counts }, "overloaded");
        shed(reply, place);
        return;
      }
      begun.set(request, { at: performance.now(), place });
      reply.raw.once("close", () => {
        place.leave(reply.raw.writableFinished);
      });
      done();
    },
    handler,
  };
}

/** A body that does not announce its length may be of any that is allowed. */
function arrivalOf({ headers }: FastifyRequest, reply: FastifyReply): Arrival {
  const announced = Number(headers["content-length"]);
  return {
    bytes: Number.isNaN(announced) ? BODY_LIMIT : Math.min(announced, BODY_LIMIT),
    giveWay: () => {
      plainText(reply.header("Connection", "close"), 408, "the body takes too long, and others wait");
    },
  };
}

/** The connection stays: to close it before the body was read would reset it, and the answer with it. */
function shed(reply: FastifyReply, { because, mayRetry }: Shed): void {
  if (mayRetry) reply.header("Retry-After", RETRY_AFTER_SECONDS);
  plainText(reply, 503, `overloaded: ${because}`);
}

/** A body that is no JSON, or empty. The message is for the caller: it may quote the body, so no log may have it. */
class BadBody extends Error {
  readonly statusCode = 400;
  readonly code: "empty-body" | "no-json";

  constructor(code: BadBody["code"], message: string) {
    super(message);
    this.code = code;
  }
}

function parseJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0)
    throw new BadBody("empty-body", "the body is empty; an AdmissionReview is expected");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new BadBody("no-json", `the body is no JSON: ${messageOf(error)}`);
  }
}
