import assert from "node:assert/strict";
import type { ReviewVersion } from "../../src/admission/review.ts";
import type { Json } from "../support/admission-review.ts";
import { ApiServerRequest } from "../support/api-server-request.ts";
import type { LogLine } from "../support/log-lines.ts";
import { envelopeOf } from "./envelope.ts";
import type { FuzzedServer, Way } from "./fuzzed-server.ts";

/** The outcome of a review: /mutate twice, then /validate. */
export type Outcome =
  | { readonly is: "refused" }
  | {
      readonly is: "mutated";
      readonly object: Json;
      /** The images that its references resolved to. */
      readonly images: readonly string[];
      /** The warnings of /mutate that a user sees. */
      readonly warnings: readonly string[];
      /** The checks for which /validate refuses it; empty where it is admitted. */
      readonly refusedFor: readonly string[];
    };
export type Mutated = Extract<Outcome, { is: "mutated" }>;

/** The codes of a refusal. */
const REFUSALS = [422, 403];
/** One line, without control characters. */
const REFUSAL = /^admission webhook "[a-z.-]+" denied the request: [^\p{Cc}]+$/u;
const ONE_LINE = /^[^\p{Cc}]+\n$/u;

/** Sends a review as the API server does. Throws where an answer breaks a rule. */
export async function checkedReview(
  server: FuzzedServer,
  review: Json,
  { way, version }: { readonly way: Way; readonly version: ReviewVersion },
): Promise<Outcome> {
  const request = new ApiServerRequest(server.post(way), review, version);
  const first = await request.ask("mutate");
  const { images = [] } = oneReviewLine(server.lines) as { images?: readonly string[] };
  if (first.is === "denied") return isRefusal(first);
  const annotations = new Map(request.audit.annotations);
  const warnings = [...request.warnings.shown];
  const again = await request.ask("mutate");
  assert(again.is === "admitted" && !again.changed, "a second run changes something");
  assert.deepEqual(request.audit.annotations, annotations, "a second run audits something else");
  assert.deepEqual(request.warnings.shown, warnings, "a second run warns of something else");
  const validated = await request.ask("validate");
  const { checks = [] } = oneReviewLine(server.lines) as { checks?: readonly string[] };
  assert.deepEqual(request.audit.complaints, []);
  assert(!request.warnings.isTruncating, "the API server cuts our warnings");
  if (validated.is === "denied") isRefusal(validated);
  return { is: "mutated", object: request.object as Json, images, warnings, refusedFor: checks };
}

function isRefusal({ code, message }: { readonly code: number; readonly message: string }): Outcome {
  assert(REFUSALS.includes(code), `refused with code ${code}: ${message}`);
  assert.match(message, REFUSAL);
  return { is: "refused" };
}

/** The one line of a review. Throws for any other line, such as an error. */
function oneReviewLine(lines: readonly LogLine[]): LogLine {
  const [line, ...others] = lines;
  assert(line?.["msg"] === "review" && others.length === 0, `the log says ${JSON.stringify(lines)}`);
  return line;
}

/** Sends a text that may be no review. It must be answered under its uid, or with 400 where its envelope is wrong. */
export async function checkText(server: FuzzedServer, text: string, way: Way): Promise<void> {
  const envelope = envelopeOf(text);
  for (const path of ["/mutate", "/validate"]) {
    const answer = await server.post(way)(path, text);
    if (envelope.is === "wrong") {
      assert.equal(answer.status, 400, `${path} answers ${answer.text}`);
      assert.match(answer.text, ONE_LINE);
      continue;
    }
    assert.equal(answer.status, 200, `${path} answers ${answer.text}`);
    const { apiVersion, kind, response } = JSON.parse(answer.text) as Json & { response: Json };
    assert.deepEqual(
      { apiVersion, kind, uid: response["uid"] },
      { apiVersion: envelope.apiVersion, kind: "AdmissionReview", uid: envelope.uid },
    );
    oneReviewLine(server.lines);
  }
}
