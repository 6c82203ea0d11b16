import { expect, it } from "vitest";
import { answerCheck, mutated } from "../../bench/answers.ts";

const REVIEW = JSON.stringify({ request: { uid: "1", object: { spec: { imageName: "a" } } } });
const ADD = { op: "add", path: "/kind", value: "VirtualMachine" };
const REPLACE = { op: "replace", path: "/spec/imageName", value: "b" };
const EXPECTED = { kind: "VirtualMachine", spec: { imageName: "b" } };

function answer(operations: readonly object[], response: object = {}): string {
  const patch = Buffer.from(JSON.stringify(operations)).toString("base64");
  return JSON.stringify({ response: { uid: "1", allowed: true, patch, ...response } });
}

it("an answer is right with its operations in any order", () => {
  const check = answerCheck(REVIEW, EXPECTED);
  for (const operations of [
    [ADD, REPLACE],
    [REPLACE, ADD],
    [ADD, REPLACE],
  ])
    check(answer(operations));
  expect(mutated(REVIEW, answer([ADD, REPLACE]))).toEqual(EXPECTED);
});

it.each([
  ["another object", answer([REPLACE])],
  ["a refusal", answer([ADD, REPLACE], { allowed: false })],
  ["an answer to another review", answer([ADD, REPLACE], { uid: "2" })],
  ["no patch", answer([], { patch: undefined })],
  ["no JSON", "busy"],
])("the load counts %s as a failure", (_, wrong) => {
  const check = answerCheck(REVIEW, EXPECTED);
  expect(() => {
    check(wrong);
  }).toThrow();
});
