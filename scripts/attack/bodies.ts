/** Requests of the attackers and of the honest caller. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The largest body that the server reads, in bytes. */
export const BODY_LIMIT = 7 * 1024 * 1024;

interface Review {
  readonly request: { readonly uid: string; readonly object: { readonly metadata: object; readonly spec: object } };
}

/** A review that is admitted with a patch. */
export const HONEST_REVIEW = readFileSync(join(import.meta.dirname, "../../examples/reviews/resolved.json"), "utf8");

const REVIEW = JSON.parse(HONEST_REVIEW) as Review;

/** Whether a text is the right answer to HONEST_REVIEW. */
export function isRightAnswer(text: string): boolean {
  try {
    const { response } = JSON.parse(text) as { response?: { uid?: unknown; allowed?: unknown; patch?: unknown } };
    return response?.uid === REVIEW.request.uid && response.allowed === true && typeof response.patch === "string";
  } catch {
    return false;
  }
}

/** Request line and headers of a POST with a body of this length. */
export function head(bytes: number): string {
  return `POST /mutate?timeout=10s HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;
}

/** A whole request. */
export function post(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(head(body.length)), body]);
}

export function honestPost(): Buffer {
  return post(Buffer.from(HONEST_REVIEW));
}

/**
 * A review of so many bytes whose answer is a third larger: its patch restores a whole stored `spec.image`, in Base64. No
 * large review has a larger answer, and few cost the server less.
 */
export function patchedReview(bytes: number): Buffer {
  const { object } = REVIEW.request;
  const imageName = "ubuntu-24.04";
  const image = { kind: "VirtualMachineImage", name: "vmi-0a0044d7c690bcbea", more: FILLING };
  const request = {
    operation: "UPDATE",
    object: { ...object, spec: { imageName } },
    oldObject: { ...object, spec: { imageName, image } },
  };
  return filledTo(bytes, bodyOf(request));
}

/**
 * Reviews of BODY_LIMIT with the largest answers: a patch (9.8 MB), and a uid and the name of a refused object, which the
 * answer repeats (7.3 MB).
 */
export function largestAnswers(): readonly Buffer[] {
  const unknown = { ...REVIEW.request.object, spec: { imageName: "unknown" } };
  const others = [bodyOf({ uid: FILLING }), bodyOf({ name: FILLING, object: unknown })];
  return [patchedReview(BODY_LIMIT), ...others.map((body) => filledTo(BODY_LIMIT, body))];
}

/** A valid review of so many bytes, padded by an annotation. */
export function reviewOf(bytes: number): Buffer {
  const { object } = REVIEW.request;
  const metadata = { ...object.metadata, annotations: { note: FILLING } };
  return filledTo(bytes, bodyOf({ object: { ...object, metadata } }));
}

const FILLING = "FILLING";

function bodyOf(request: object): Buffer {
  return Buffer.from(JSON.stringify({ ...REVIEW, request: { ...REVIEW.request, ...request } }));
}

function filledTo(bytes: number, body: Buffer): Buffer {
  const at = body.indexOf(FILLING);
  const room = Buffer.alloc(bytes - body.length + FILLING.length, "x");
  return Buffer.concat([body.subarray(0, at), room, body.subarray(at + FILLING.length)]);
}
