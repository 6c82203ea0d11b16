import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { decodeReview } from "../admission/review.ts";
import type { Endpoint } from "../references/subject.ts";
import type { Drain } from "./drain.ts";
import { RETRY_AFTER_SECONDS } from "./limits.ts";
import type { Arrival, Guest, Overload, Shed } from "./overload.ts";
import { type Admission, PendingReview, type ReviewAnswer } from "./pending-review.ts";
import { lineOf, PLAIN_TEXT } from "./plain-text.ts";
import { announcedFault, announcedLength, type BadBody, type Body, readBody } from "./review-body.ts";
import { CALLER_GONE } from "./review-metrics.ts";
import { reviewTimeout } from "./review-timeout.ts";

/** What all calls of one path share. */
export interface ReviewPath {
  readonly endpoint: Endpoint;
  readonly admission: Admission;
  readonly overload: Overload;
  readonly drain: Drain;
}

/**
 * One POST of /mutate or /validate, from its headers to the end of its answer: an AdmissionReview in, its answer out;
 * what is no decision is 4xx, 500, 503 or 504. Written on Node's own request and response: every hook and promise on
 * this way is paid for by each write of the cluster.
 */
export class ReviewExchange implements Arrival, ReviewAnswer {
  readonly bytes: number;
  /** `performance.now()` when the headers were in; the body may take long. */
  readonly arrived = performance.now();
  readonly #path: ReviewPath;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #guest: Guest | undefined;
  #isRead = false;

  constructor(path: ReviewPath, request: IncomingMessage, response: ServerResponse) {
    this.#path = path;
    this.#request = request;
    this.#response = response;
    this.bytes = announcedLength(request);
  }

  begin(): void {
    const { admission, endpoint, overload, drain } = this.#path;
    drain.noteRequest();
    admission.metrics?.reviewStarted(endpoint);
    // Comes once, after an answer and after a connection that broke before one.
    this.#response.on("close", () => {
      this.#end();
    });
    const admitted = overload.admit(this);
    if (admitted.is === "shed") {
      this.#shed(admitted);
      return;
    }
    this.#guest = admitted;
    const fault = announcedFault(this.#request);
    if (fault !== undefined) {
      this.#refuse(fault);
      return;
    }
    readBody(this.#request, (body) => {
      this.#take(body);
    });
  }

  giveWay(): void {
    this.#line(408, "the body takes too long, and others wait", { Connection: "close" });
  }

  /** One line of text; nothing, where an answer was given already. */
  text(status: number, text: string): void {
    this.#line(status, text, {});
  }

  notNow(because: string): void {
    this.#unavailable(because, this.#path.overload.hold());
  }

  json(text: string): void {
    this.#send(200, "application/json", text, {});
  }

  #unavailable(because: string, mayRetry: boolean): void {
    this.#line(503, because, mayRetry ? { "Retry-After": RETRY_AFTER_SECONDS } : {});
  }

  #line(status: number, text: string, headers: OutgoingHttpHeaders): void {
    this.#send(status, PLAIN_TEXT, lineOf(text), headers);
  }

  #send(status: number, type: string, body: string, more: OutgoingHttpHeaders): void {
    if (this.#response.headersSent) return;
    const headers: OutgoingHttpHeaders = { "Content-Type": type, "Content-Length": Buffer.byteLength(body), ...more };
    if (this.#path.drain.isDraining) headers["Connection"] = "close";
    this.#response.writeHead(status, headers).end(body);
  }

  #take(body: Body): void {
    const received = performance.now();
    this.#isRead = true;
    if (this.#guest !== undefined) this.#path.overload.arrived(this.#guest);
    // It gave way: nobody hears a decision.
    if (this.#response.headersSent) return;
    try {
      if (body.is === "bad") this.#refuse(body);
      else this.#answer(body.value, received);
    } catch (error) {
      this.#path.admission.log.error({ err: error }, "request failed");
      this.text(500, "internal error");
    }
  }

  #answer(body: unknown, received: number): void {
    const { endpoint, admission } = this.#path;
    const review = decodeReview(body);
    if (review.is === "malformed") {
      const { uid, why } = review;
      admission.log.warn({ endpoint, uid, why }, "malformed review");
      this.text(400, uid === "" ? why : `${why}, in review ${uid}`);
      return;
    }
    new PendingReview({
      endpoint,
      admission,
      review,
      to: this,
      response: this.#response,
      arrived: this.arrived,
      received,
      timeout: reviewTimeout(this.#request.url ?? ""),
    }).answer();
  }

  #refuse({ status, code, why }: BadBody): void {
    this.#path.admission.log.warn({ status, why: code }, "malformed request");
    this.text(status, why);
  }

  /** The connection stays: to close it before the body was read would reset it, and the answer with it. */
  #shed({ because, isNews, mayRetry }: Shed): void {
    const { admission, endpoint, overload } = this.#path;
    admission.metrics?.shed(endpoint);
    if (isNews) admission.log.warn({ because, ...overload.counts }, "overloaded");
    this.#unavailable(`overloaded: ${because}`, mayRetry);
  }

  #end(): void {
    const { admission, endpoint, overload } = this.#path;
    const { writableFinished, statusCode, headersSent } = this.#response;
    if (this.#guest !== undefined) overload.leave(this.#guest, writableFinished);
    const spent = performance.now() - this.arrived;
    admission.metrics?.reviewEnded(endpoint, writableFinished ? statusCode : CALLER_GONE, spent);
    if (!this.#isRead && !headersSent) admission.log.info("the caller went away before its review had arrived");
  }
}
