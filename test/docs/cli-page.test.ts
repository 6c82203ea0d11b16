import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLI_PAGE, cliPage } from "../../scripts/cli-page.ts";
import { environmentName, FLAGS, type FlagName } from "../../src/cli/flags.ts";

const PAGE = readFileSync(CLI_PAGE, "utf8");

it("docs/cli.md is what `npm run docs` writes now", () => {
  expect(PAGE).toBe(cliPage());
});

it("a page without the place of the table is an error", () => {
  expect(() => cliPage("# Commands and flags\n")).toThrow("docs/cli.md");
});

describe("every flag is on the page", () => {
  it.each(Object.entries(FLAGS))("--%s with its default, variable and help", (name, row) => {
    const flag: { short?: string; argument?: string; default?: readonly string[]; help: string } = row;
    const letter = flag.short === undefined ? "" : `-${flag.short}, `;
    const title = `\`${letter}--${name}${flag.argument === undefined ? "" : ` ${flag.argument}`}\``;
    const [line = ""] = PAGE.split("\n").filter((each) => each.startsWith(`| ${title} `));
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    const byDefault = flag.default === undefined ? (flag.argument === undefined ? "off" : "") : flag.default.join(",");
    expect(cells[1]?.replaceAll("`", "")).toBe(byDefault);
    expect(cells[2]).toBe(`\`${environmentName(name as FlagName)}\``);
    expect(cells[3]).not.toBe("");
    expect(cells[4]?.startsWith(flag.help)).toBe(true);
  });
});

it("the page says that a flag may be repeated, and what one command takes beside the others", () => {
  expect(PAGE).toMatch(/^\| `--check NAME=LEVEL` .*; repeatable +\|$/m);
  expect(PAGE).toMatch(
    /^\| `-o, --output FORMAT` .*text or json; `check`: text, json, github \(workflow commands\), sarif or junit/m,
  );
});
