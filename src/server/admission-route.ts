import type { FastifyReply, FastifyRequest } from "fastify";
import { decodeReview } from "../admission/review.ts";
import { messageOf } from "../failure.ts";
import type { Endpoint } from "../references/subject.ts";
import { type Admission, PendingReview } from "./pending-review.ts";
import { plainText } from "./plain-text.ts";
import { reviewTimeout } from "./review-timeout.ts";

export interface AdmissionRoute {
  /** Runs when the headers are in; the body may take long. */
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;
}

/** POST /mutate or /validate: an AdmissionReview in, its answer out; what is no decision is 4xx, 500 or 503. */
export function admissionRoute(endpoint: Endpoint, admission: Admission): AdmissionRoute {
  const arrivals = new WeakMap<FastifyRequest, number>();
  const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> => {
    const received = performance.now();
    const review = decodeReview(parseJson(request.body));
    if (review.is === "malformed") {
      admission.log.warn({ endpoint, why: review.why }, "malformed review");
      return plainText(reply, 400, review.why);
    }
    const timeout = reviewTimeout((request.query as Record<string, unknown>)["timeout"]);
    const arrived = arrivals.get(request) ?? received;
    return new PendingReview({ endpoint, admission, reply, review, arrived, received, timeout }).answer();
  };
  return {
    onRequest: (request, _, done) => {
      arrivals.set(request, performance.now());
      done();
    },
    handler,
  };
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
