import { expect, it } from "vitest";
import type { LoadResult } from "../../bench/load.ts";
import { ratiosOf } from "../../bench/review-figures.ts";
import type { ServerName } from "../../bench/review-rounds.ts";
import { isKept } from "../../bench/tables.ts";

/** A server that needs so many microseconds of processor time for a review. */
function server(name: ServerName, microseconds: number): Partial<Record<ServerName, readonly LoadResult[]>> {
  const turn = { calls: 1_000, seconds: 1, cpuSeconds: microseconds / 1_000 };
  return { [name]: [{ name, turns: [turn, turn], steadyP99: NaN, halfP99: NaN, failed: 0 }] };
}

it("npm run bench fails below 1.3 times the peer and below 45 % of the bare server, silent and logged each", () => {
  const kept = (silent: number, logged: number): boolean[] =>
    ratiosOf({
      ...server("bare", 45),
      ...server("silent", silent),
      ...server("logged", logged),
      ...server("peer", 130),
    }).map(isKept);
  expect(kept(99, 99)).toEqual([true, true, true, true]);
  expect(kept(101, 99)).toEqual([false, true, false, true]);
  expect(kept(99, 101)).toEqual([true, false, true, false]);
});

it("npm run bench without its peer has the limits beside the bare server only", () => {
  const ratios = ratiosOf({ ...server("bare", 45), ...server("silent", 50), ...server("logged", 60) });
  expect(ratios.map(({ value }) => value)).toEqual([0.9, 0.75]);
});
