import { isDeepStrictEqual } from "node:util";
import jsonPatch from "fast-json-patch";

interface Answer {
  readonly response?: { readonly uid?: string; readonly allowed?: boolean; readonly patch?: string };
}

/** The object of a review (in JSON) as its answer (in JSON) changes it. Throws where the answer refuses it or has no patch. */
export function mutated(review: string, answer: string): object {
  const { uid, object } = (JSON.parse(review) as { request: { uid: string; object: object } }).request;
  const { response } = JSON.parse(answer) as Answer;
  if (response?.uid !== uid || response.allowed !== true || response.patch === undefined) throw new Error(answer);
  const patch = JSON.parse(Buffer.from(response.patch, "base64").toString("utf8")) as jsonPatch.Operation[];
  return jsonPatch.applyPatch(object, patch, true).newDocument;
}

/** A check of answers to one review; it throws where one does not change the object as expected. */
export function answerCheck(review: string, expected: object): (answer: string) => void {
  // Right answers: each text is looked at once, so that a check costs the load generator next to nothing.
  const right = new Set<string>();
  return (answer) => {
    if (right.has(answer)) return;
    if (!isDeepStrictEqual(mutated(review, answer), expected)) throw new Error(`unexpected: ${answer}`);
    right.add(answer);
  };
}
