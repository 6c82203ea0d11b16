import { expect, it } from "vitest";
import { SharedTexts } from "../../src/images/shared-texts.ts";
import { vmi } from "../support/catalogue.ts";

const withCapabilities = (...capabilities: readonly string[]) => vmi("vmi-a", "ubuntu", { capabilities });

it("equal lists are one list, from then on", () => {
  const texts = new SharedTexts();
  const { capabilities } = texts.in(withCapabilities("cloud-init", "nvme"));
  expect(texts.in(withCapabilities("cloud-init", "nvme")).capabilities).toBe(capabilities);
  expect(texts.in(withCapabilities("nvme", "cloud-init")).capabilities).toEqual(["nvme", "cloud-init"]);
});

it("lists that only look alike when they are put together stay what they are", () => {
  const texts = new SharedTexts();
  for (const list of [["a\nb"], ["a", "b"], ["a\nb"], [""], []]) {
    expect(texts.in(withCapabilities(...list)).capabilities).toEqual(list);
  }
});

it("images stay what they are, with more texts than are shared", () => {
  const texts = new SharedTexts();
  for (let position = 0; position < 25_000; position++) {
    const library = `library-${position}`;
    const each = vmi("vmi-a", "ubuntu", { namespace: `team-${position}`, library, capabilities: [library, "x"] });
    expect(texts.in(each)).toStrictEqual(each);
  }
});
