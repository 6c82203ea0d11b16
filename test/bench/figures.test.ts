import { expect, it } from "vitest";
import { type FigureRow, judge, table } from "../../bench/figures.ts";
import { median, pairedRatio, percentile } from "../../bench/statistics.ts";

const ROWS: Readonly<Record<string, FigureRow>> = {
  share: { text: "throughput", unit: "share", least: 0.85 },
  stall: { text: "stall", unit: "ms", most: 100 },
};

it("a figure that is at its limit keeps it, one beyond misses it, and so does one that is not there", () => {
  const kept = (share: number, stall: number): boolean[] => judge(ROWS, { share, stall }, {}).map((each) => each.kept);
  expect(kept(0.85, 100)).toEqual([true, true]);
  expect(kept(0.849, 100.1)).toEqual([false, false]);
  expect(kept(NaN, NaN)).toEqual([false, false]);
  expect(judge(ROWS, {}, {}).map((each) => each.kept)).toEqual([false, false]);
});

it("the table shows what was measured, its limit, what it was last, and what is missed", () => {
  const shown = table(judge(ROWS, { share: 0.7, stall: 12.34 }, { share: 0.9 }));
  expect(shown.split("\n").map((line) => line.replaceAll(/ +/g, " "))).toEqual([
    "| figure | measured | limit | last | |",
    "|------------|----------|-----------|--------|--------|",
    "| throughput | 70.0 % | >= 85.0 % | 90.0 % | MISSED |",
    "| stall | 12.3 ms | <= 100 ms | - | |",
  ]);
});

it("medians, percentiles and ratios of rounds", () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
  expect([percentile([5, 1, 3], 0.5), percentile([5, 1, 3], 0.99), percentile([], 0.5)]).toEqual([3, 5, NaN]);
  expect(pairedRatio([10, 2, 30], [20, 4, 40])).toBe(0.5);
});
