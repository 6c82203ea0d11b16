import { expect, it } from "vitest";
import { isVmImage } from "../../src/images/image.ts";
import { SharedTexts } from "../../src/images/shared-texts.ts";
import { vmi } from "../support/catalogue.ts";

function capabilitiesIn(texts: SharedTexts, capabilities: readonly string[]): readonly string[] | undefined {
  const image = texts.in(vmi("vmi-a", "ubuntu", { capabilities }));
  return isVmImage(image) ? image.capabilities : undefined;
}

it("equal lists become one list", () => {
  const texts = new SharedTexts();
  const first = capabilitiesIn(texts, ["cloud-init", "nvme"]);
  expect(capabilitiesIn(texts, ["cloud-init", "nvme"])).toBe(first);
  expect(capabilitiesIn(texts, ["nvme", "cloud-init"])).toEqual(["nvme", "cloud-init"]);
});

it("different lists with equal joined texts stay different", () => {
  const texts = new SharedTexts();
  for (const list of [["a\nb"], ["a", "b"], ["a\nb"], [""], []]) {
    expect(capabilitiesIn(texts, list)).toEqual(list);
  }
});

it("images stay equal with more texts than are shared", () => {
  const texts = new SharedTexts();
  for (let position = 0; position < 25_000; position++) {
    const library = `library-${position}`;
    const each = vmi("vmi-a", "ubuntu", { namespace: `team-${position}`, library, capabilities: [library, "x"] });
    expect(texts.in(each)).toStrictEqual(each);
  }
});
