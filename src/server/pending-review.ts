import type { ServerResponse } from "node:http";
import type { Logger } from "pino";
import { encodeReview } from "../admission/answer.ts";
import { type AdmissionPolicy, decide, type Decision } from "../admission/decide.ts";
import type { AdmissionRequest, DecodedReview } from "../admission/review.ts";
import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import type { Endpoint } from "../references/subject.ts";
import { PhaseTimes, roundedMilliseconds } from "./phase-times.ts";
import { LIVE_READ_BUDGET, LIVE_READ_SHARE } from "./limits.ts";
import { ReviewEnd, unlessEnded, waitWithin } from "./review-end.ts";
import type { ReviewMetrics } from "./review-metrics.ts";

export interface Admission {
  readonly index: ImageIndex;
  readonly policy: AdmissionPolicy;
  readonly log: Logger;
  readonly metrics?: ReviewMetrics | undefined;
  /**
   * Brings into the index what its source has for a name that it does not know, within so many milliseconds. False
   * where the index cannot be trusted about that name. Absent where the index is all there is.
   */
  readonly confirm?: ((miss: ImageQuery, budget: number) => Promise<boolean>) | undefined;
}

/** Where an answer goes. */
export interface ReviewAnswer {
  /** An AdmissionReview, with status 200. */
  json(text: string): void;
  /** One line for a person, where there is no decision. */
  text(status: number, text: string): void;
  /** The same with status 503: nothing can be decided now, and the caller may be asked to come back. */
  notNow(because: string): void;
}

interface PendingReviewOptions {
  readonly endpoint: Endpoint;
  readonly admission: Admission;
  readonly to: ReviewAnswer;
  /** What closes where the caller goes away. */
  readonly response: ServerResponse;
  readonly review: Extract<DecodedReview, { is: "review" }>;
  /** `performance.now()` when the request's headers were in. */
  readonly arrived: number;
  /** The same when its body was. */
  readonly received: number;
  /** Milliseconds that the caller waits from then on. */
  readonly timeout: number;
}

const UNCONFIRMED: Decision = {
  is: "undecided",
  because: "the index does not know a name, and the API server could not be asked about it",
};

/** One review on its way to an answer and its one line in the log. */
export class PendingReview {
  readonly #options: PendingReviewOptions;
  /** Only where somebody reads them. */
  readonly #times: PhaseTimes | undefined;

  constructor(options: PendingReviewOptions) {
    this.#options = options;
    this.#times = options.admission.log.isLevelEnabled("debug") ? new PhaseTimes(options.arrived) : undefined;
    this.#times?.end("receive", options.received);
    this.#times?.end("decode");
  }

  /** At once, but for a decision over an unknown name: that is confirmed first. */
  answer(): void {
    const { arrived, received, timeout } = this.#options;
    if (received - arrived > timeout) {
      this.#tooLate();
      return;
    }
    try {
      const decision = this.#decide();
      const { confirm } = this.#options.admission;
      if (decision.is === "undecided" || decision.misses.length === 0 || confirm === undefined) this.#send(decision);
      else void this.#confirmed(decision.misses, confirm);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #confirmed(misses: readonly ImageQuery[], confirm: NonNullable<Admission["confirm"]>): Promise<void> {
    try {
      const budget = Math.min(LIVE_READ_BUDGET, (this.#options.timeout - this.#elapsed()) * LIVE_READ_SHARE);
      const confirming = Promise.all(misses.map((miss) => confirm(miss, budget)));
      const wait = waitWithin(this.#options.timeout) - this.#elapsed();
      const answers = await unlessEnded(confirming, this.#options.response, wait);
      this.#times?.end("liveRead");
      this.#send(answers.every((confirmed) => confirmed) ? this.#decide() : UNCONFIRMED);
    } catch (error) {
      this.#failed(error);
    }
  }

  #decide(): Decision {
    const { endpoint, admission, review } = this.#options;
    const decision = decide(endpoint, review.request, admission.index, admission.policy);
    this.#times?.end("decide");
    return decision;
  }

  #send(decision: Decision): void {
    const { to, review, endpoint, admission } = this.#options;
    admission.metrics?.decided(endpoint, decision);
    if (decision.is === "undecided") {
      this.#logDecision(decision);
      to.notNow(decision.because);
      return;
    }
    const answer = JSON.stringify(encodeReview(review.version, review.request, decision));
    this.#times?.end("encode");
    this.#logDecision(decision);
    to.json(answer);
  }

  #logDecision(decision: Decision): void {
    const { log } = this.#options.admission;
    if (!log.isLevelEnabled("info")) return;
    log.info(this.#line(decisionFields(decision)), "review");
    if (this.#times !== undefined) log.debug(this.#fields({ phases: this.#times }), "phases of the review");
  }

  #tooLate(): void {
    this.#options.admission.log.warn(this.#line({}), "review came too late to answer");
    this.#options.to.text(504, "the time that the caller gave this review was over before it had arrived");
  }

  #failed(error: unknown): void {
    const { admission, to, review } = this.#options;
    if (error instanceof ReviewEnd) {
      this.#ended(error);
      return;
    }
    admission.log.error(this.#line({ err: error }), "review failed");
    to.text(500, `internal error in review ${review.request.uid}`);
  }

  #ended({ why }: ReviewEnd): void {
    const { admission, to, review } = this.#options;
    if (why === "canceled") {
      admission.log.info(this.#line({ decision: "canceled" }), "review");
      return;
    }
    admission.log.error(this.#line({}), "review found no decision in its time");
    to.text(500, `no decision in its time in review ${review.request.uid}`);
  }

  /** What the one line of a review says. */
  #line(fields: object): object {
    return Object.assign(this.#fields(fields), { ms: roundedMilliseconds(this.#elapsed()) });
  }

  #fields(fields: object): object {
    return Object.assign(reviewFields(this.#options.endpoint, this.#options.review.request), fields);
  }

  #elapsed(): number {
    return performance.now() - this.#options.arrived;
  }
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
