import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { HistogramFamily } from "../../src/metrics/histogram.ts";
import { METRICS } from "../../src/metrics/table.ts";

const { latency: ROW } = METRICS;

test("reads as prom-client's own would, at each scrape: on the bounds, between and above them", async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const family = new HistogramFamily(ours, ROW);
  const series = {
    "/mutate": family.series({ webhook: "/mutate" }),
    "/validate": family.series({ webhook: "/validate" }),
  };
  const { name, help } = ROW;
  const reference = new Histogram({
    name,
    help,
    labelNames: ["webhook"],
    buckets: [...ROW.buckets],
    registers: [theirs],
  });
  for (const webhook of ["/mutate", "/validate"]) reference.zero({ webhook });
  expect(await ours.metrics()).toBe(await theirs.metrics());
  for (const seconds of [0, 0.000_05, ...ROW.buckets, 0.3, 99]) {
    for (const webhook of seconds < 0.01 ? (["/mutate", "/validate"] as const) : (["/mutate"] as const)) {
      series[webhook].observe(seconds);
      reference.observe({ webhook }, seconds);
    }
    expect(await ours.metrics()).toBe(await theirs.metrics());
  }
});
