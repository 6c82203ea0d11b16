import { table } from "../scripts/markdown.ts";
import { type Figure, format, isKept, limitOf } from "./tables.ts";

/** The figures for each number of images. */
const ROWS = {
  sync: { text: "first sync, of a plain drain of the same pages", unit: "times", max: 2 },
  syncTime: { text: "first sync", unit: "ms" },
  syncStall: { text: "longest stall of the event loop during the first sync", unit: "ms", max: 100 },
  relistTime: { text: "relist", unit: "ms" },
  relistStall: { text: "longest stall during the relist", unit: "ms", max: 100 },
  heap: { text: "heap in use after a collection", unit: "MiB" },
  quickRefusal: { text: "refusal of an unknown name, median of ten mistakes", unit: "ms" },
  slowRefusal: { text: "the same, slowest of ten mistakes", unit: "ms" },
  peak: { text: "resident memory at its peak", unit: "MiB", max: 250 },
} as const satisfies Readonly<Record<string, Omit<Figure, "value">>>;

export type IndexFigures = Readonly<Record<keyof typeof ROWS, number>>;

/** By number of images, in ascending order. */
export type FiguresBySize = ReadonlyMap<number, IndexFigures>;

/** A column for each number of images. A row keeps its limit where all its figures do. */
export function sizeTable(figures: FiguresBySize): string {
  const rows = Object.entries(figuresByRow(figures)).map(([text, row]) => {
    const worst = row.find((figure) => !isKept(figure)) ?? row[0];
    return [text, ...row.map(({ value, unit }) => format(value, unit)), worst === undefined ? "" : limitOf(worst)];
  });
  const sizes = [...figures.keys()].map((size) => size.toLocaleString("en-US"));
  return table(["images", ...sizes, "limit"], rows);
}

export function keepsLimits(figures: FiguresBySize): boolean {
  return Object.values(figuresByRow(figures)).flat().every(isKept);
}

/** Bytes of heap that one more image takes. */
export function heapOfImage(figures: FiguresBySize): number {
  const [fewest, most] = [[...figures].at(0), [...figures].at(-1)];
  if (fewest === undefined || most === undefined) return NaN;
  return ((most[1].heap - fewest[1].heap) * 1_024 * 1_024) / (most[0] - fewest[0]);
}

function figuresByRow(figures: FiguresBySize): Readonly<Record<string, readonly Figure[]>> {
  const ids = Object.keys(ROWS) as (keyof typeof ROWS)[];
  const row = (id: keyof typeof ROWS): Figure[] => [...figures.values()].map((of) => ({ ...ROWS[id], value: of[id] }));
  return Object.fromEntries(ids.map((id) => [ROWS[id].text, row(id)]));
}
