import { expect, it } from "vitest";
import { sharedText, sharedTexts } from "../../src/images/shared-text.ts";

it("equal lists are one list, from then on", () => {
  const first = sharedTexts(["cloud-init", "nvme"]);
  expect(sharedTexts(["cloud-init", "nvme"])).toBe(first);
  expect(sharedTexts(["nvme", "cloud-init"])).toEqual(["nvme", "cloud-init"]);
});

it("lists that only look alike when they are put together stay what they are", () => {
  expect(sharedTexts(["a\nb"])).toEqual(["a\nb"]);
  expect(sharedTexts(["a", "b"])).toEqual(["a", "b"]);
  expect(sharedTexts(["a\nb"])).toEqual(["a\nb"]);
  expect(sharedTexts([""])).toEqual([""]);
  expect(sharedTexts([])).toEqual([]);
});

it("more texts than are shared are still the texts that they are", () => {
  const texts = Array.from({ length: 25_000 }, (_, position) => `library-${position}`);
  expect(texts.map(sharedText)).toEqual(texts);
  expect(texts.map((text) => sharedTexts([text, "x"]))).toEqual(texts.map((text) => [text, "x"]));
});
