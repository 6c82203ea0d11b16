/** One figure of a bench: what it is, in which unit, and its limit. */
export interface FigureRow {
  readonly text: string;
  /** `share` is printed in percent. */
  readonly unit: "share" | "ms" | "us" | "ns" | "calls/s" | "calls" | "B" | "MiB" | "times";
  readonly most?: number;
  readonly least?: number;
}

/** By the keys of a table of figures. */
export type Figures = Readonly<Record<string, number>>;

export interface Judgement {
  readonly id: string;
  readonly text: string;
  readonly now: string;
  readonly limit: string;
  readonly last: string;
  readonly kept: boolean;
}

/** Each figure against its limit, with what it was last. A figure that is not there does not keep its limit. */
export function judge(table: Readonly<Record<string, FigureRow>>, now: Figures, last: Figures): readonly Judgement[] {
  return Object.entries(table).map(([id, row]) => ({
    id,
    text: row.text,
    now: format(row, now[id]),
    limit: [
      row.least === undefined ? "" : `>= ${format(row, row.least)}`,
      row.most === undefined ? "" : `<= ${format(row, row.most)}`,
    ].join(""),
    last: format(row, last[id]),
    kept: keeps(row, now[id] ?? NaN),
  }));
}

function keeps({ most, least }: FigureRow, value: number): boolean {
  return (most === undefined || value <= most) && (least === undefined || value >= least);
}

function format({ unit }: FigureRow, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  if (unit === "share") return `${(100 * value).toFixed(1)} %`;
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return `${text} ${unit}`;
}

/** Markdown, and readable as it is. */
export function table(judgements: readonly Judgement[]): string {
  const rows = [
    ["figure", "measured", "limit", "last", ""],
    ...judgements.map(({ text, now, limit, last, kept }) => [text, now, limit, last, kept ? "" : "MISSED"]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [header = [], ...rest] = rows;
  return [line(header), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rest.map(line)].join("\n");
}
