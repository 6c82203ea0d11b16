/** Parts of a Markdown page, laid out as prettier would. */

export function code(text: string): string {
  return `\`${text}\``;
}

/** A table with aligned columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const [headLine, ...lines] = cells.map((row) => line(row.map((text, column) => text.padEnd(widths[column] ?? 0))));
  return [headLine, line(widths.map((width) => "-".repeat(width))), ...lines].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Characters in a line of prose. */
const LINE_LENGTH = 120;

/** A paragraph broken into lines, but not within code. */
export function prose(text: string): string {
  const words = text.match(/(?:`[^`]*`|[^\s`])+/g) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

/** A page with this text between two of its lines, in place of what is there. `name` is for the error where they are missing. */
export function withTextBetween(
  page: string,
  text: string,
  marks: { name: string; start: string; end: string },
): string {
  const { name, start, end } = marks;
  const [before, rest] = page.split(start);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${name} has no lines ${start} and ${end}`);
  return [before, start, "\n\n", text, "\n\n", end, after].join("");
}
