/** Begins the comment that keeps the readable name of a pinned one: `# vm-image: ubuntu-24.04`. */
const MARK = "# vm-image: ";

/** A comment in that form. What follows the name is another comment. */
const COMMENT = /^#\s*vm-image:\s+(?<name>"(?:[^"\\]|\\.)*"|[^\s"](?:\S|[ \t]+(?![\s#]|$))*)(?=\s|$)/u;

/** Names that read the same without quotes: without a quote in front, spaces at the ends, `#`, or odd characters. */
const PLAIN_NAME = /^(?!["#])[\p{L}\p{M}\p{N}\p{P}\p{S}](?:[\p{L}\p{M}\p{N}\p{P}\p{S}]| (?!#))*$/u;

/** Any character that does not print, or that some reader of YAML takes for a line break. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The name that a comment keeps; undefined for any other comment. */
export function rememberedName(comment: string): string | undefined {
  const name = COMMENT.exec(comment)?.groups?.["name"];
  if (name?.startsWith('"') !== true) return name;
  try {
    return String(JSON.parse(name));
  } catch {
    return undefined;
  }
}

/** The comment that keeps a name. `before`: the comment that is there, whose remembered name is replaced. */
export function commentFor(name: string, before = ""): string {
  const written = `${MARK}${PLAIN_NAME.test(name) && !name.endsWith(" ") ? name : quoted(name)}`;
  const found = COMMENT.exec(before);
  if (found !== null) return written + before.slice(found[0].length);
  return before === "" ? written : `${written} ${before}`;
}

function quoted(name: string): string {
  return JSON.stringify(name).replace(UNPRINTABLE, (characters) =>
    Array.from({ length: characters.length }, (_, position) => escaped(characters.charCodeAt(position))).join(""),
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
