import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { encodeReview } from "../admission/answer.ts";
import { type AdmissionPolicy, decide, type Decision } from "../admission/decide.ts";
import { type AdmissionRequest, decodeReview } from "../admission/review.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { messageOf } from "../failure.ts";
import type { Endpoint } from "../references/subject.ts";
import { RETRY_AFTER_SECONDS } from "./limits.ts";
import { reviewTimeout } from "./review-timeout.ts";

export interface Admission {
  readonly index: ImageIndex;
  readonly policy: AdmissionPolicy;
  readonly log: Logger;
}

export interface AdmissionRoute {
  /** Runs when the headers are in; the body may take long. */
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

/** POST /mutate or /validate: an AdmissionReview in, its answer out; what is no decision is 4xx, 500 or 503. */
export function admissionRoute(endpoint: Endpoint, admission: Admission): AdmissionRoute {
  const arrivals = new WeakMap<FastifyRequest, number>();
  const elapsed = (request: FastifyRequest): number => performance.now() - (arrivals.get(request) ?? 0);
  const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const review = decodeReview(parseJson(request.body));
    if (review.is === "malformed") {
      admission.log.warn({ endpoint, why: review.why }, "malformed review");
      return plainText(reply, 400, review.why);
    }
    const log = admission.log.child(reviewFields(endpoint, review.request));
    if (elapsed(request) > reviewTimeout((request.query as Record<string, unknown>)["timeout"])) {
      log.warn({ ms: milliseconds(elapsed(request)) }, "review came too late to answer");
      return plainText(reply, 504, "the time that the caller gave this review was over before it had arrived");
    }
    try {
      const decision = decide(endpoint, review.request, admission.index, admission.policy);
      log.info({ ...decisionFields(decision), ms: milliseconds(elapsed(request)) }, "review");
      if (decision.is === "undecided") return unavailable(reply, decision.because);
      const answer = JSON.stringify(encodeReview(review.version, review.request, decision));
      return reply.type("application/json").send(answer);
    } catch (error) {
      log.error({ err: error, ms: milliseconds(elapsed(request)) }, "review failed");
      return plainText(reply, 500, `internal error in review ${review.request.uid}`);
    }
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

/** One line of text, whatever the text holds. */
export function plainText(reply: FastifyReply, code: number, text: string): FastifyReply {
  return reply
    .code(code)
    .type("text/plain; charset=utf-8")
    .send(`${text.replaceAll(/[\s\p{Cc}]+/gu, " ")}\n`);
}

function unavailable(reply: FastifyReply, because: string): FastifyReply {
  return plainText(reply.header("Retry-After", RETRY_AFTER_SECONDS), 503, because);
}

/** The line of a review says who wanted what, never what is in the object. */
function reviewFields(endpoint: Endpoint, request: AdmissionRequest): object {
  const { uid, operation, kind, namespace, name, user } = request;
  return { endpoint, uid, operation, kind: kind.kind, version: kind.version, namespace, name, user: user.name };
}

function decisionFields(decision: Decision): object {
  switch (decision.is) {
    case "allowed":
      return { decision: decision.patch.length === 0 ? "allowed" : "patched", images: decision.images };
    case "refused":
      return {
        decision: "refused",
        checks: [...new Set(decision.problems.map(({ check }) => check))],
        images: decision.images,
      };
    case "undecided":
      return { decision: "undecided", because: decision.because };
  }
}

/** Microseconds are the last digits worth reading. */
function milliseconds(time: number): number {
  return Math.round(time * 1_000) / 1_000;
}
