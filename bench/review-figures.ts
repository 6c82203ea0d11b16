import type { FigureRow, Figures } from "./figures.ts";
import { type MeasuredReviews, type Rounds, throughput } from "./review-rounds.ts";
import { median, pairedRatio } from "./statistics.ts";

/** THE table of `npm run bench`, with the limits that the project has set itself. */
export const REVIEW_FIGURES = {
  bareCalls: { text: "bare node:https, throughput", unit: "calls/s" },
  silentCalls: { text: "webhook, log silent, throughput", unit: "calls/s" },
  loggedCalls: { text: "webhook, log into a file, throughput", unit: "calls/s" },
  silentShare: { text: "log silent: throughput, of the bare server's", unit: "share", least: 0.85 },
  loggedShare: { text: "log into a file: throughput, of the bare server's", unit: "share", least: 0.75 },
  bareCpu: { text: "bare node:https, processor time of a call", unit: "us" },
  silentCpu: { text: "webhook, log silent, processor time of a call", unit: "us" },
  loggedCpu: { text: "webhook, log into a file, processor time of a call", unit: "us" },
  silentCpuShare: { text: "log silent: calls for the same processor time, of the bare server's", unit: "share" },
  loggedCpuShare: { text: "log into a file: the same", unit: "share" },
  coreShare: { text: "of its core that a server got (the machine was busy below 95 %)", unit: "share" },
  clientShare: {
    text: "of its time in which the load generator was busy (it was the limit above 95 %)",
    unit: "share",
  },
  bareLatency: { text: "bare node:https, p99 at half of the throughput of the webhook", unit: "ms" },
  silentLatency: { text: "webhook, log silent, p99 at half of its throughput", unit: "ms", most: 5 },
  loggedLatency: { text: "webhook, log into a file, p99 at half of its throughput", unit: "ms", most: 5 },
  failed: { text: "failed calls", unit: "calls", most: 0 },
} as const satisfies Readonly<Record<string, FigureRow>>;

export function figuresOf({
  bare,
  silent,
  logged,
  failed,
}: MeasuredReviews): Figures & Record<keyof typeof REVIEW_FIGURES, number> {
  const all = [bare, silent, logged];
  return {
    bareCalls: median(throughput(bare)),
    silentCalls: median(throughput(silent)),
    loggedCalls: median(throughput(logged)),
    silentShare: pairedRatio(throughput(silent), throughput(bare)),
    loggedShare: pairedRatio(throughput(logged), throughput(bare)),
    bareCpu: 1e6 * median(cpuOfCall(bare)),
    silentCpu: 1e6 * median(cpuOfCall(silent)),
    loggedCpu: 1e6 * median(cpuOfCall(logged)),
    silentCpuShare: pairedRatio(cpuOfCall(bare), cpuOfCall(silent)),
    loggedCpuShare: pairedRatio(cpuOfCall(bare), cpuOfCall(logged)),
    coreShare: median(all.flatMap(coreShare)),
    clientShare: median(all.flatMap(({ turns }) => turns.map(({ busySeconds, seconds }) => busySeconds / seconds))),
    bareLatency: median(bare.latencies),
    silentLatency: median(silent.latencies),
    loggedLatency: median(logged.latencies),
    failed,
  };
}

/** Of one core, in each round. */
function coreShare({ turns }: Rounds): readonly number[] {
  return turns.map(({ seconds, cpuSeconds }) => cpuSeconds / seconds);
}

/** Seconds, of each round. */
function cpuOfCall({ turns }: Rounds): readonly number[] {
  return turns.map(({ calls, cpuSeconds }) => cpuSeconds / calls);
}
