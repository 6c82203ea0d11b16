import assert from "node:assert/strict";
import type { ReviewVersion } from "../../src/admission/review.ts";
import type { Json } from "../support/admission-review.ts";
import { ApiServerRequest } from "../support/api-server-request.ts";
import type { LogLine } from "../support/log-lines.ts";
import { envelopeOf } from "./envelope.ts";
import type { FuzzedServer, Way } from "./fuzzed-server.ts";

/** How a review went all the way: /mutate, again, and /validate. */
export type Outcome =
  | { readonly is: "refused" }
  | {
      readonly is: "mutated";
      readonly object: Json;
      /** What its references resolved to. */
      readonly images: readonly string[];
      /** What a person reads of /mutate. */
      readonly warnings: readonly string[];
      /** Checks over which /validate refuses it; none where it is admitted. */
      readonly refusedFor: readonly string[];
    };
export type Mutated = Extract<Outcome, { is: "mutated" }>;

/** Codes of a refusal. */
const REFUSALS = [422, 403];
/** One line, that is to say. */
const REFUSAL = /^admission webhook "[a-z.-]+" denied the request: [^\p{Cc}]+$/u;
const ONE_LINE = /^[^\p{Cc}]+\n$/u;

/** As the API server asks about it; throws where any answer is not as it has to be. */
export async function judged(
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

/** One line a review, and no other: an error is one. */
function oneReviewLine(lines: readonly LogLine[]): LogLine {
  const [line, ...others] = lines;
  assert(line?.["msg"] === "review" && others.length === 0, `the log says ${JSON.stringify(lines)}`);
  return line;
}

/** Text that may be no review: it is answered under its uid where that can be read, and told what is wrong otherwise. */
export async function judgedText(server: FuzzedServer, text: string, way: Way): Promise<void> {
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
