import { isDeepStrictEqual } from "node:util";
import jsonPatch from "fast-json-patch";

interface Answer {
  readonly response?: { readonly uid?: string; readonly allowed?: boolean; readonly patch?: string };
}

/** Applies the patch of an answer to the object of its review; both are JSON. Throws where the answer has no patch. */
export function mutated(review: string, answer: string): object {
  const { uid, object } = (JSON.parse(review) as { request: { uid: string; object: object } }).request;
  const { response } = JSON.parse(answer) as Answer;
  if (response?.uid !== uid || response.allowed !== true || response.patch === undefined) throw new Error(answer);
  const patch = JSON.parse(Buffer.from(response.patch, "base64").toString("utf8")) as jsonPatch.Operation[];
  return jsonPatch.applyPatch(object, patch, true).newDocument;
}

/** Returns a check of answers to one review. It throws for an answer that does not change the object as expected. */
export function answerCheck(review: string, expected: object): (answer: string) => void {
  // Each distinct text is compared once, so that checks cost the load generator next to nothing.
  const right = new Set<string>();
  return (answer) => {
    if (right.has(answer)) return;
    if (!isDeepStrictEqual(mutated(review, answer), expected)) throw new Error(`unexpected: ${answer}`);
    right.add(answer);
  };
}
