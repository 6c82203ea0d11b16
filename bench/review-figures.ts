import { table } from "../scripts/markdown.ts";
import type { LoadResult, Turn } from "./load.ts";
import { type MeasuredReviews, SERVER_NAMES, type ServerName } from "./review-rounds.ts";
import { median, pairedRatios, percentile } from "./statistics.ts";
import { type Figure, format, limitOf } from "./tables.ts";

const TITLES: Readonly<Record<ServerName, string>> = {
  bare: "bare node:https",
  silent: "this, log silent",
  logged: "this, log info",
  peer: "controller-runtime",
};

/** How many times the reviews of another server, in the same processor time, with the quartiles of all turns. */
export interface Ratio extends Figure {
  readonly quartiles: readonly [number, number];
}

/** Compares this program with the peer, where that was measured, and with the bare server. */
export function ratiosOf(measured: MeasuredReviews): readonly Ratio[] {
  const limits = [
    { other: "peer", unit: "times", min: 1.3 },
    { other: "bare", unit: "share", min: 0.45 },
  ] as const;
  return limits.flatMap(({ other, unit, min }) => {
    const theirs = measured[other];
    if (theirs === undefined) return [];
    return (["silent", "logged"] as const).map((name) => {
      const ratios = pairedRatios(turnsOf(measured[name]).map(callsForCpu), turnsOf(theirs).map(callsForCpu));
      const quartiles = [percentile(ratios, 0.25), percentile(ratios, 0.75)] as const;
      return { text: `${TITLES[name]}, of ${TITLES[other]}`, value: median(ratios), unit, min, quartiles };
    });
  });
}

export function ratioTable(ratios: readonly Ratio[]): string {
  const rows = ratios.map((ratio) => {
    const [low = "", high = ""] = ratio.quartiles.map((value) => format(value, ratio.unit));
    return [ratio.text, format(ratio.value, ratio.unit), `${low} to ${high}`, limitOf(ratio)];
  });
  return table(["reviews for the same processor time", "median", "half of all turns", "limit"], rows);
}

/** A column for each server. */
export function serverTable(measured: MeasuredReviews): string {
  const names = SERVER_NAMES.filter((name) => measured[name] !== undefined);
  const row = (text: string, of: (results: readonly LoadResult[]) => string): string[] => [
    text,
    ...names.map((name) => of(measured[name] ?? [])),
  ];
  const head = ["", ...names.map((name) => TITLES[name])];
  return table(head, [
    row("processor time of a review", (results) => format(cpuOfCall(turnsOf(results)), "us")),
    row("reviews a second", (results) => format(median(turnsOf(results).map(callsASecond)), "calls/s")),
    row("p99 at 500 reviews a second", (results) => format(median(results.map((each) => each.steadyP99)), "ms")),
    row("p99 at half of its throughput", (results) => format(median(results.map((each) => each.halfP99)), "ms")),
  ]);
}

/** The processor time of each review, also relative to the first one. */
export function growthTable(results: readonly LoadResult[]): string {
  const first = results[0]?.turns.map(callsForCpu) ?? [];
  const rows = results.map(({ name, turns }) => {
    const ratio = median(pairedRatios(first, turns.map(callsForCpu)));
    return [name, format(cpuOfCall(turns), "us"), format(ratio, "times")];
  });
  return table(["review", "processor time", "of the first"], rows);
}

/** The share of its core that a server got during its turns. */
export function coreShare(measured: MeasuredReviews): number {
  const turns = SERVER_NAMES.flatMap((name) => turnsOf(measured[name]));
  return median(turns.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds));
}

export function turnsOf(results: readonly LoadResult[] = []): readonly Turn[] {
  return results.flatMap(({ turns }) => turns);
}

function callsASecond({ calls, seconds }: Turn): number {
  return calls / seconds;
}

function callsForCpu({ calls, cpuSeconds }: Turn): number {
  return calls / cpuSeconds;
}

/** Microseconds. */
function cpuOfCall(turns: readonly Turn[]): number {
  return 1e6 * median(turns.map(({ calls, cpuSeconds }) => cpuSeconds / calls));
}
