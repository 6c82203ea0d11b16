import { expect, it } from "vitest";
import { median, pairedRatios, percentile, rotated } from "../../bench/statistics.ts";
import { table } from "../../scripts/markdown.ts";
import { type Figure, format, isKept, limitOf } from "../../bench/tables.ts";

const SHARE: Omit<Figure, "value"> = { text: "of the bare server", unit: "share", min: 0.45 };
const STALL: Omit<Figure, "value"> = { text: "stall", unit: "ms", max: 100 };

it("a figure at its limit keeps it; one beyond it, or one that was not measured, misses it", () => {
  const kept = (share: number, stall: number): boolean[] =>
    [
      { ...SHARE, value: share },
      { ...STALL, value: stall },
    ].map(isKept);
  expect(kept(0.45, 100)).toEqual([true, true]);
  expect(kept(0.449, 100.1)).toEqual([false, false]);
  expect(kept(NaN, NaN)).toEqual([false, false]);
  expect(isKept({ text: "free", unit: "ms", value: NaN })).toBe(true);
});

it("a limit is printed, with MISSED where it is missed", () => {
  expect(limitOf({ ...SHARE, value: 0.5 })).toBe(">= 45.0 %");
  expect(limitOf({ ...STALL, value: 101 })).toBe("<= 100 ms MISSED");
  expect(limitOf({ text: "free", unit: "ms", value: 1 })).toBe("");
});

it("numbers are printed with three digits", () => {
  expect([0.7, 12.34, 5678.9, 2, NaN].map((value) => format(value, "times"))).toEqual([
    "0.70 times",
    "12.3 times",
    "5,679 times",
    "2 times",
    "-",
  ]);
});

it("a table is Markdown with aligned columns", () => {
  expect(table(["", "one"], [["longer", "a|b"]])).toBe("|        | one  |\n| ------ | ---- |\n| longer | a\\|b |");
});

it("medians, percentiles and paired ratios are computed", () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
  expect([percentile([5, 1, 3], 0.5), percentile([5, 1, 3], 0.99), percentile([], 0.5)]).toEqual([3, 5, NaN]);
  expect(pairedRatios([10, 2, 30], [20, 4, 60])).toEqual([0.5, 0.5, 0.5]);
});

it("each server comes first equally often", () => {
  const first = [0, 1, 2, 3, 4, 5].map((round) => rotated(["a", "b", "c"], round)[0]);
  expect(first.toSorted()).toEqual(["a", "a", "b", "b", "c", "c"]);
});
