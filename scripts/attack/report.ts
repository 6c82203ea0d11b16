import type { Outcome } from "./case.ts";

const COLUMNS = [
  "case",
  "attackers",
  "reviews answered / failed",
  "503 on the way",
  "probes answered / failed",
  "handshakes ok / failed",
  "peak MiB",
  "core",
  "unread for",
  "recovered after",
  "verdict",
];

/** The header of the report, a Markdown table: its titles and the line below them. */
export function heading(): string {
  return `${row(COLUMNS)}\n${row(COLUMNS.map(() => "---"))}`;
}

/** A row. `misses` are the ways in which the outcome is not as expected. */
export function reportOf(name: string, outcome: Outcome, misses: readonly string[]): string {
  const { figures, honest, probes, peakMiB, coreShare, unreadFor, recoveredAfter } = outcome;
  return row([
    name,
    figures.text,
    pair(honest.answered, honest.failed),
    String(honest.refusedAt.length),
    pair(probes.answered, probes.failed),
    pair(honest.handshakes.ok, honest.handshakes.failed),
    peakMiB.toFixed(0),
    `${(100 * coreShare).toFixed(0)} %`,
    seconds(unreadFor),
    seconds(recoveredAfter),
    misses.length === 0 ? "good" : `MISSED: ${misses.join("; ")}`,
  ]);
}

export function notRun(name: string, why: string): string {
  return row([name, ...COLUMNS.slice(2).map(() => "-"), `not run: ${why}`]);
}

/** `3 503, 1 ECONNRESET` */
export function textOf(tally: ReadonlyMap<string, number>): string {
  return [...tally].map(([outcome, times]) => `${times} ${outcome}`).join(", ");
}

function pair(good: number, failed: ReadonlyMap<string, number>): string {
  return `${good} / ${textOf(failed) || "0"}`;
}

function seconds(value: number | undefined): string {
  return value === undefined ? "never" : `${value.toFixed(1)} s`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
