import fc from "fast-check";
import { FIXTURES } from "./mutated-fixture.ts";

/** Text that is inserted: JSON's own characters, control characters, parts of the envelope. */
const PIECES = ["{", "}", "[", "]", '"', ",", ":", "\\", "\u0000", "\ufeff", "null", "-", "1e999", '"uid":"x",'];
const WORDS = ['"request"', '"uid"', '"operation"', '"object"', '"AdmissionReview"', "admission.k8s.io/v1", '"CREATE"'];

const anyCut = fc.record({
  /** Parts of a million of the text's length. */
  at: fc.nat(1_000_000),
  length: fc.constantFrom(0, 0, 1, 1, 2, 10, 200, Infinity),
  insert: fc.oneof(fc.constantFrom("", "", ...PIECES), fc.string({ unit: "binary", maxLength: 8 })),
});

const anyTexts = fc.record({
  fixture: fc.constantFrom(...FIXTURES),
  word: fc.option(fc.constantFrom(...WORDS), { nil: undefined }),
  other: fc.oneof(fc.constantFrom(...WORDS, '""', "null", "7", "{}", "[]"), fc.string()),
  cuts: fc.array(anyCut, { maxLength: 3 }),
});

/** A recorded review with a changed text: often no JSON, sometimes no review, sometimes still a valid one. */
export const anyBrokenText: fc.Arbitrary<string> = anyTexts.map(({ fixture, word, other, cuts }) => {
  let text = JSON.stringify(fixture);
  if (word !== undefined) text = text.replace(word, () => other);
  for (const { at, length, insert } of cuts) {
    const start = Math.floor((at / 1_000_000) * text.length);
    text = text.slice(0, start) + insert + text.slice(start + length);
  }
  return text;
});
