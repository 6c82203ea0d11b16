import type { FigureRow } from "./figures.ts";

/** Limits that hold for every number of images. */
const ROWS_BY_SIZE = {
  sync: { text: "first sync, of what draining and parsing the same pages takes", unit: "times", most: 1.5 },
  syncTime: { text: "first sync", unit: "ms" },
  syncStall: { text: "longest stall of the event loop during the first sync", unit: "ms", most: 100 },
  relistTime: { text: "relist", unit: "ms" },
  relistStall: { text: "longest stall during the relist", unit: "ms", most: 100 },
  eventStall: { text: "longest stall during 1,000 events a second", unit: "ms", most: 100 },
  eventCpu: { text: "processor time of an event", unit: "us" },
  staleness: { text: "staleness, from event to lookup, p50", unit: "ms" },
  staleness99: { text: "staleness, p99", unit: "ms" },
  busyStaleness99: { text: "staleness during 1,000 events a second, p99", unit: "ms" },
  lookup: { text: "a lookup", unit: "ns" },
  heap: { text: "heap in use after a collection", unit: "MiB" },
  resident: { text: "resident memory after all this", unit: "MiB" },
  peak: { text: "resident memory at its peak", unit: "MiB" },
} as const satisfies Readonly<Record<string, FigureRow>>;

export type SizeFigures = Readonly<Record<keyof typeof ROWS_BY_SIZE, number>>;

const OVERALL = {
  heapOfImage: { text: "heap of an image: growth from the least to the most images", unit: "B", most: 1_024 },
  lookupGrowth: { text: "a lookup among the most images, of one among the least", unit: "times", most: 3 },
  reviews: { text: "throughput of reviews at the most images, of that at the least", unit: "share", least: 0.9 },
  failed: { text: "failed calls", unit: "calls", most: 0 },
} as const satisfies Readonly<Record<string, FigureRow>>;

export type OverallFigures = Readonly<Record<keyof typeof OVERALL, number>>;

/** Of the most images, on top of the limits of every size. */
const MOST_RESIDENT = 200;

/** THE table of `npm run bench:index`. */
export function indexFigures(sizes: readonly number[]): Readonly<Record<string, FigureRow>> {
  const rows = sizes.flatMap((size) =>
    Object.entries<FigureRow>(ROWS_BY_SIZE).map(([id, row]): [string, FigureRow] => {
      const isLimited = id === "peak" && size === Math.max(...sizes);
      const text = `${size.toLocaleString("en-US")} images: ${row.text}`;
      return [`${id}.${size}`, { ...row, text, ...(isLimited ? { most: MOST_RESIDENT } : {}) }];
    }),
  );
  return { ...Object.fromEntries(rows), ...OVERALL };
}
