import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ofCheckout } from "../support/command-run.ts";

export const ROOT = ofCheckout("");

/** Of the checkout's root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Every Markdown file of the checkout that git does not ignore. */
export function pages(): readonly Page[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed
    .split("\0")
    .filter((path) => path !== "")
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

export interface Block {
  /** After the fence: `sh`, `console`, `yaml`. */
  readonly language: string;
  readonly lines: readonly string[];
}

/** Prose and fenced blocks of a page. A block within a list keeps no indentation. */
export function split(text: string): { readonly prose: readonly string[]; readonly blocks: readonly Block[] } {
  const prose: string[] = [];
  const blocks: { language: string; lines: string[] }[] = [];
  let open: { indent: string; block: { language: string; lines: string[] } } | undefined;
  for (const line of text.split("\n")) {
    const fence = /^( *)```(\w*)$/.exec(line);
    if (fence !== null) {
      const [, indent = "", language = ""] = fence;
      if (open === undefined) blocks.push((open = { indent, block: { language, lines: [] } }).block);
      else open = undefined;
    } else if (open === undefined) prose.push(line);
    else open.block.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
  }
  return { prose, blocks };
}

/** As GitHub makes them of headings: a second one of the same text has a number. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of split(text).prose) {
    const [, heading] = /^#{1,6} (.*)$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
