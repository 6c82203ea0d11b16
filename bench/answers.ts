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

/** Whether answers to one review change its object as expected, whatever the order of their operations. */
export class AnswerCheck {
  readonly #review: string;
  readonly #expected: object;
  /** Right answers: each text is looked at once, so that a check costs the load generator next to nothing. */
  readonly #right = new Set<string>();

  constructor(review: string, expected: object) {
    this.#review = review;
    this.#expected = expected;
  }

  /** Throws where the answer is not right. */
  check(answer: string): void {
    if (this.#right.has(answer)) return;
    if (!isDeepStrictEqual(mutated(this.#review, answer), this.#expected)) throw new Error(`unexpected: ${answer}`);
    this.#right.add(answer);
  }
}
