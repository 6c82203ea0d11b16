import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, pages, ROOT, split } from "./pages.ts";

const MAX_LINE_LENGTH = 160;
const PAGES = pages();

/** Links of the prose that lead into the checkout. */
function linksOf(text: string): readonly string[] {
  const prose = split(text)
    .prose.join("\n")
    .replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? "").filter((link) => !/^[a-z]+:/.test(link));
}

/** What is wrong with a link of this page; undefined where it leads somewhere. */
function wrongWith(link: string, page: string, text: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (relative(ROOT, file).startsWith("..")) return `${link}: leaves the checkout`;
  if (!existsSync(file)) return `${link}: no such file`;
  if (anchor === undefined) return undefined;
  if (statSync(file).isDirectory()) return `${link}: a folder has no anchors`;
  const target = path === "" ? text : readFileSync(file, "utf8");
  return anchorsOf(target).has(anchor) ? undefined : `${link}: no such heading`;
}

it("finds the pages", () => {
  expect(PAGES.map(({ path }) => path)).toEqual(expect.arrayContaining(["README.md", "docs/install.md"]));
});

describe.each(PAGES)("$path", ({ path, text }) => {
  it("has links that lead somewhere", () => {
    expect(linksOf(text).flatMap((link) => wrongWith(link, path, text) ?? [])).toEqual([]);
  });

  it(`has no line of prose with more than ${MAX_LINE_LENGTH} characters`, () => {
    const prose = split(text).prose.filter((line) => !/^\s*\|/.test(line));
    expect(prose.filter((line) => line.length > MAX_LINE_LENGTH)).toEqual([]);
  });

  it("closes every block of code", () => {
    expect((text.match(/^ *```/gm) ?? []).length % 2).toBe(0);
  });
});

it("every page of docs is linked from the README or from a page that is", () => {
  const reached = new Set(["README.md"]);
  // A set is walked in the order of insertion, with what is added meanwhile.
  for (const page of reached) {
    const text = PAGES.find(({ path }) => path === page)?.text ?? "";
    for (const link of linksOf(text)) reached.add(join(dirname(page), link.split("#")[0] ?? ""));
  }
  const docs = PAGES.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
  expect(docs.filter((path) => !reached.has(path))).toEqual([]);
});

describe("the test itself", () => {
  it("finds a link to a file, to a heading and out of the checkout that is wrong", () => {
    const text = "# A b\n[x](no.md) [x](#a-b) [x](#c) [x](../README.md) [x](https://example.com)\n";
    expect(linksOf(text).map((link) => wrongWith(link, "README.md", text))).toEqual([
      "no.md: no such file",
      undefined,
      "#c: no such heading",
      "../README.md: leaves the checkout",
    ]);
  });

  it("numbers headings of the same text, and skips code", () => {
    expect([...anchorsOf("# `A`: b-c\n## A b-c\n```sh\n# no\n```\n# A b-c\n")]).toEqual([
      "a-b-c",
      "a-b-c-1",
      "a-b-c-2",
    ]);
  });
});
