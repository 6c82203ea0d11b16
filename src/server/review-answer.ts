import type { ServerResponse } from "node:http";
import type { Logger } from "pino";
import { type AnsweredReview, encodeReview } from "../admission/response.ts";
import type { Decide, Decision } from "../admission/decide.ts";
import { type AdmissionRequest, type DecodedReview, decodeReview } from "../admission/review.ts";
import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import type { Endpoint } from "../references/target.ts";
import { clientText } from "./client-text.ts";
import { LIVE_READ_BUDGET, LIVE_READ_SHARE } from "./limits.ts";
import { raceClose, ReviewAborted, timeForDecision } from "./review-aborted.ts";
import type { ReviewMetrics } from "./review-metrics.ts";

export interface Admission {
  readonly index: ImageIndex;
  readonly decide: Decide;
  readonly log: Logger;
  readonly metrics?: ReviewMetrics | undefined;
  /**
   * Reads a name that the index does not know from its source into the index, within so many milliseconds. False where
   * that fails, so that the index cannot be trusted about the name. Absent where there is no source behind the index.
   */
  readonly confirm?: ((query: ImageQuery, budget: number) => Promise<boolean>) | undefined;
}

export type ReviewAnswer =
  /** An AdmissionReview, with status 200. */
  | { readonly is: "review"; readonly review: AnsweredReview }
  /** There is no decision: one line for a person. */
  | { readonly is: "text"; readonly status: number; readonly text: string }
  /** There is no decision yet: status 503, and the API server may ask again. */
  | { readonly is: "unavailable"; readonly because: string };

/** A call whose body is complete. */
export interface ReviewCall {
  readonly endpoint: Endpoint;
  /** The parsed body. */
  readonly body: unknown;
  /** See traceIdOf. */
  readonly traceId: string | undefined;
  /** Milliseconds since the headers of the request were complete. */
  readonly elapsed: () => number;
  /** `elapsed` when the body was complete. */
  readonly receivedAfter: number;
  /** Milliseconds that the caller waits, from the headers on. */
  readonly timeout: number;
  /** Closes when the client goes away. */
  readonly response: ServerResponse;
}

/** A call whose body is a valid review. */
type DecodedCall = ReviewCall & { readonly request: AdmissionRequest };

const UNCONFIRMED: Decision = {
  is: "undecided",
  because: "the index does not know a name, and the API server could not be asked about it",
  lookups: [],
};

/** Answers one call and logs it in one line. An exception of the decision is answered; any other one is thrown on. */
export async function answerReview(call: ReviewCall, admission: Admission): Promise<ReviewAnswer> {
  const review = decodeReview(call.body);
  if (review.is === "malformed") return malformed(call, review, admission.log);
  const decoded: DecodedCall = { ...call, request: review.request };
  if (call.receivedAfter > call.timeout) return tooLate(decoded, admission.log);
  try {
    const decision = await confirmedDecision(decoded, admission);
    admission.metrics?.reviewDecided(call.endpoint, decision);
    const answer: ReviewAnswer =
      decision.is === "undecided"
        ? { is: "unavailable", because: decision.because }
        : { is: "review", review: encodeReview(review.version, review.request, decision) };
    if (admission.log.isLevelEnabled("info")) admission.log.info(lineOf(decoded, decisionFields(decision)), "review");
    return answer;
  } catch (error) {
    return error instanceof ReviewAborted
      ? aborted(decoded, error, admission.log)
      : failed(decoded, error, admission.log);
  }
}

/** A live read confirms names that the index does not know before the decision counts. */
async function confirmedDecision(call: DecodedCall, admission: Admission): Promise<Decision> {
  const { endpoint, request, timeout, response } = call;
  const { index, decide, confirm } = admission;
  const decision = decide(endpoint, request, index);
  if (decision.is === "undecided" || decision.unresolvedQueries.length === 0 || confirm === undefined) return decision;
  const budget = Math.min(LIVE_READ_BUDGET, (timeout - call.elapsed()) * LIVE_READ_SHARE);
  const confirming = Promise.all(decision.unresolvedQueries.map((query) => confirm(query, budget)));
  const answers = await raceClose(confirming, response, timeForDecision(timeout) - call.elapsed());
  return answers.every((confirmed) => confirmed) ? decide(endpoint, request, index) : UNCONFIRMED;
}

function malformed(
  { endpoint, traceId }: ReviewCall,
  review: Extract<DecodedReview, { is: "malformed" }>,
  log: Logger,
): ReviewAnswer {
  const uid = clientText(review.uid);
  const why = clientText(review.why);
  log.warn({ endpoint, uid, trace_id: traceId, why }, "malformed review");
  return { is: "text", status: 400, text: uid === "" ? why : `${why}, in review ${uid}` };
}

function tooLate(call: DecodedCall, log: Logger): ReviewAnswer {
  log.warn(lineOf(call, {}), "review came too late to answer");
  return { is: "text", status: 504, text: "the review arrived after the timeout of its caller" };
}

function aborted(call: DecodedCall, { why }: ReviewAborted, log: Logger): ReviewAnswer {
  if (why === "canceled") log.info(lineOf(call, { decision: "canceled" }), "review");
  else log.error(lineOf(call, {}), "review found no decision in its time");
  return { is: "text", status: 500, text: `no decision within the timeout in review ${clientText(call.request.uid)}` };
}

function failed(call: DecodedCall, error: unknown, log: Logger): ReviewAnswer {
  log.error(lineOf(call, { err: error }), "review failed");
  return { is: "text", status: 500, text: `internal error in review ${clientText(call.request.uid)}` };
}

/** The log line of a review: the caller and the object's name, and never the object's content. */
function lineOf(call: DecodedCall, fields: object): object {
  const { endpoint, request, traceId } = call;
  return {
    endpoint,
    uid: clientText(request.uid),
    // Named as OpenTelemetry names it in logs. Undefined is left out.
    trace_id: traceId,
    operation: clientText(request.operation),
    kind: clientText(request.kind.kind),
    version: clientText(request.kind.version),
    namespace: clientText(request.namespace ?? ""),
    name: clientText(request.name ?? ""),
    user: clientText(request.user.name),
    ...fields,
    ms: roundedToMicroseconds(call.elapsed()),
  };
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
