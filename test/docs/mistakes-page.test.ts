import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { MISTAKES_PAGE, mistakesPage } from "../../scripts/mistakes-page.ts";
import { MISTAKES } from "../mistakes/table.ts";

const PAGE = readFileSync(MISTAKES_PAGE, "utf8");

it("docs/mistakes.md is what `npm run docs` writes now", () => {
  expect(PAGE).toBe(mistakesPage());
});

it("docs/mistakes.md is laid out as prettier would", async () => {
  const file = fileURLToPath(MISTAKES_PAGE);
  expect(await check(PAGE, { ...(await resolveConfig(file)), filepath: file })).toBe(true);
});

describe("every mistake is on the page", () => {
  it.each(MISTAKES)("$title", ({ title, messages }) => {
    const [line = "", ...others] = PAGE.split("\n").filter(
      (each) => /^\| (.*?)(?: \(with .*?\))?:<br>/.exec(each)?.[1] === title,
    );
    expect(others).toEqual([]);
    const [, , says = "", remedy = ""] = line.split(/(?<!\\)\|/);
    for (const message of messages) expect(says).toContain(message);
    expect(remedy.trim()).not.toBe("");
  });
});

it("the page follows its table", () => {
  const page = mistakesPage([
    {
      title: "Names",
      mistakes: [
        {
          title: "a typo",
          applied: { spec: { imageName: "ubunt\u200bu" } },
          outcome: "refused",
          messages: ['spec.imageName: Not found: "x": no image has it; did you mean "ubuntu" (vmi-1)?'],
          remedied: [{}],
        },
      ],
    },
  ]);
  const cells = page
    .split("\n")
    .at(-2)
    ?.split("|")
    .map((cell) => cell.trim());
  expect(cells).toEqual([
    "",
    'a typo:<br>`imageName: "ubunt\\u200bu"`',
    '`spec.imageName: Not found: "x": no image has it; did you mean "ubuntu" (vmi-1)?`',
    "`spec.imageName: ubuntu`",
    "",
  ]);
});
