import type { ServerResponse } from "node:http";
import type { Logger } from "pino";
import { type AnsweredReview, encodeReview } from "../admission/response.ts";
import type { Decide, Decision } from "../admission/decide.ts";
import { type AdmissionRequest, type DecodedReview, decodeReview } from "../admission/review.ts";
import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import type { Endpoint } from "../references/target.ts";
import { clientText } from "./client-text.ts";
import { LIVE_READ_BUDGET, LIVE_READ_SHARE } from "./limits.ts";
import { raceClose, ReviewAborted, waitWithin } from "./review-aborted.ts";
import type { ReviewMetrics } from "./review-metrics.ts";

export interface Admission {
  readonly index: ImageIndex;
  readonly decide: Decide;
  readonly log: Logger;
  readonly metrics?: ReviewMetrics | undefined;
  /**
   * Brings into the index what its source has for a name that it does not know, within so many milliseconds. False
   * where the index cannot be trusted about that name. Absent where the index is all there is.
   */
  readonly confirm?: ((query: ImageQuery, budget: number) => Promise<boolean>) | undefined;
}

/** What a call is answered. */
export type ReviewAnswer =
  /** An AdmissionReview, with status 200. */
  | { readonly is: "review"; readonly review: AnsweredReview }
  /** One line for a person: there is no decision. */
  | { readonly is: "text"; readonly status: number; readonly text: string }
  /** The same with status 503: the API server may ask again. */
  | { readonly is: "unavailable"; readonly because: string };

/** A call whose body is here. */
export interface ReviewCall {
  readonly endpoint: Endpoint;
  /** The parsed body. */
  readonly body: unknown;
  /** `performance.now()` when the request's headers were complete. */
  readonly arrived: number;
  /** The same for its body. */
  readonly received: number;
  /** Milliseconds that the caller waits, from `arrived` on. */
  readonly timeout: number;
  /** Closes when the client goes away. */
  readonly response: ServerResponse;
}

type Asked = ReviewCall & { readonly request: AdmissionRequest };

const UNCONFIRMED: Decision = {
  is: "undecided",
  because: "the index does not know a name, and the API server could not be asked about it",
  lookups: [],
};

/** The answer to one call, and its one line in the log. Throws what is thrown beside the decision: a bug. */
export async function answerReview(call: ReviewCall, admission: Admission): Promise<ReviewAnswer> {
  const review = decodeReview(call.body);
  if (review.is === "malformed") return malformed(call, review, admission.log);
  const asked: Asked = { ...call, request: review.request };
  if (call.received - call.arrived > call.timeout) return tooLate(asked, admission.log);
  try {
    const decision = await confirmedDecision(asked, admission);
    admission.metrics?.decided(call.endpoint, decision);
    const answer: ReviewAnswer =
      decision.is === "undecided"
        ? { is: "unavailable", because: decision.because }
        : { is: "review", review: encodeReview(review.version, review.request, decision) };
    if (admission.log.isLevelEnabled("info")) admission.log.info(lineOf(asked, decisionFields(decision)), "review");
    return answer;
  } catch (error) {
    return error instanceof ReviewAborted ? aborted(asked, error, admission.log) : failed(asked, error, admission.log);
  }
}

/** A decision over a name that the index does not know is confirmed by a live read first. */
async function confirmedDecision(asked: Asked, admission: Admission): Promise<Decision> {
  const { endpoint, request, timeout, response } = asked;
  const { index, decide, confirm } = admission;
  const decision = decide(endpoint, request, index);
  if (decision.is === "undecided" || decision.unresolvedQueries.length === 0 || confirm === undefined) return decision;
  const budget = Math.min(LIVE_READ_BUDGET, (timeout - elapsed(asked)) * LIVE_READ_SHARE);
  const confirming = Promise.all(decision.unresolvedQueries.map((query) => confirm(query, budget)));
  const answers = await raceClose(confirming, response, waitWithin(timeout) - elapsed(asked));
  return answers.every((confirmed) => confirmed) ? decide(endpoint, request, index) : UNCONFIRMED;
}

function malformed(
  { endpoint }: ReviewCall,
  review: Extract<DecodedReview, { is: "malformed" }>,
  log: Logger,
): ReviewAnswer {
  const uid = clientText(review.uid);
  const why = clientText(review.why);
  log.warn({ endpoint, uid, why }, "malformed review");
  return { is: "text", status: 400, text: uid === "" ? why : `${why}, in review ${uid}` };
}

function tooLate(asked: Asked, log: Logger): ReviewAnswer {
  log.warn(lineOf(asked, {}), "review came too late to answer");
  return { is: "text", status: 504, text: "the time that the caller gave this review was over before it had arrived" };
}

function aborted(asked: Asked, { why }: ReviewAborted, log: Logger): ReviewAnswer {
  if (why === "canceled") log.info(lineOf(asked, { decision: "canceled" }), "review");
  else log.error(lineOf(asked, {}), "review found no decision in its time");
  return { is: "text", status: 500, text: `no decision in its time in review ${clientText(asked.request.uid)}` };
}

function failed(asked: Asked, error: unknown, log: Logger): ReviewAnswer {
  log.error(lineOf(asked, { err: error }), "review failed");
  return { is: "text", status: 500, text: `internal error in review ${clientText(asked.request.uid)}` };
}

/** The line of a review says who wanted what, never what is in the object. */
function lineOf(asked: Asked, fields: object): object {
  const { endpoint, request } = asked;
  return {
    endpoint,
    uid: clientText(request.uid),
    operation: clientText(request.operation),
    kind: clientText(request.kind.kind),
    version: clientText(request.kind.version),
    namespace: clientText(request.namespace ?? ""),
    name: clientText(request.name ?? ""),
    user: clientText(request.user.name),
    ...fields,
    ms: roundedToMicroseconds(elapsed(asked)),
  };
}

/** Milliseconds since the headers of the request were complete. */
function elapsed({ arrived }: ReviewCall): number {
  return performance.now() - arrived;
}

function roundedToMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}

function decisionFields(decision: Decision): object {
  switch (decision.is) {
    case "allowed":
      return { decision: decision.patch.length === 0 ? "allowed" : "patched", images: decision.images };
    case "refused":
      return {
        decision: "refused",
        checks: [...new Set(decision.errors.map(({ check }) => check))],
        images: decision.images,
      };
    case "undecided":
      return { decision: "undecided", because: decision.because };
  }
}
