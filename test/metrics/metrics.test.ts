import { expect, describe, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { IMAGE_KINDS } from "../../src/images/image.ts";
import { type KindStatus, STATES } from "../../src/sources/kind-status.ts";
import type { CertificateFacts } from "../../src/certs/certificate-source.ts";
import type { Observed } from "../../src/metrics/observed.ts";
import { type MetricRow, METRICS } from "../../src/metrics/metric-table.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";
import { metricsOf, scrape, type Scraped } from "../support/scrape.ts";

const KIND = { kind: "VirtualMachineImage" };
const CLUSTER_KIND = { kind: "ClusterVirtualMachineImage" };

const FACTS: KindStatus = {
  kind: "VirtualMachineImage",
  state: "live",
  lastProofAt: new Date(1_000_000),
  relists: 1,
  watchRestarts: 2,
  badLines: 3,
  badObjects: 4,
};

function statesOf({ series }: Scraped, { kind }: { kind: string }): readonly (string | undefined)[] {
  const own = series.filter(({ name, labels }) => name === METRICS.state.name && labels["kind"] === kind);
  expect(own).toHaveLength(Object.keys(STATES).length);
  return own.filter(({ value }) => value === 1).map(({ labels }) => labels["state"]);
}

describe("a scrape", () => {
  it.each(Object.values<MetricRow>(METRICS))("has $name with its type and help", async ({ name, type, help }) => {
    const expiry = new Date();
    const { types, helps, series } = await scrape(
      metricsOf({ certificates: certificatesOf({ expiry, caExpiry: expiry }) }),
    );
    expect(types.get(name)).toBe(type);
    expect(helps.get(name)).toBe(help);
    expect(series.some((each) => each.name.startsWith(name))).toBe(true);
  });

  it("has no other metric of this program", async () => {
    const { types } = await scrape(metricsOf());
    const own = [...types.keys()].filter((name) => !/^(nodejs|process)_/.test(name));
    expect(own.sort()).toEqual(
      Object.values<MetricRow>(METRICS)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it("has the metrics of the process, its event loop and its versions", async () => {
    const scraped = await scrape(metricsOf());
    expect(scraped.types.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
    expect(scraped.value("process_resident_memory_bytes")).toBeGreaterThan(0);
    expect(scraped.value("nodejs_version_info", { version: process.version })).toBe(1);
    expect(scraped.value(METRICS.build.name, { version: packageJson.version })).toBe(1);
  });

  it("has the counts of one server only", async () => {
    const [one, other] = [metricsOf(), metricsOf()];
    one.reviews.reviewRejected("mutate");
    const labels = { webhook: "/mutate" };
    expect((await scrape(other)).value(METRICS.rejected.name, labels)).toBe(0);
    expect((await scrape(one)).value(METRICS.rejected.name, labels)).toBe(1);
  });

  it("that is repeated counts nothing twice", async () => {
    const metrics = metricsOf({ source: { watches: IMAGE_KINDS, kinds: () => [FACTS] } });
    await scrape(metrics);
    metrics.reviews.reviewRejected("mutate");
    await scrape(metrics);
    const scraped = await scrape(metrics);
    expect(scraped.value(METRICS.rejected.name, { webhook: "/mutate" })).toBe(1);
    expect(scraped.value(METRICS.relists.name, KIND)).toBe(1);
  });
});

describe("the latency", () => {
  it("is in seconds, in the right bucket", async () => {
    const metrics = metricsOf();
    metrics.reviews.reviewStarted("mutate");
    metrics.reviews.reviewEnded("mutate", 200, 6);
    const { value } = await scrape(metrics);
    const bucket = (le: string): number | undefined =>
      value(`${METRICS.latency.name}_bucket`, { webhook: "/mutate", le });
    expect([bucket("0.0001"), bucket("0.005"), bucket("1"), bucket("+Inf")]).toEqual([0, 0, 1, 1]);
    expect(value(`${METRICS.latency.name}_sum`, { webhook: "/mutate" })).toBe(0.006);
  });

  it("counts each of many reviews between two scrapes once", async () => {
    const metrics = metricsOf();
    const counted = async (): Promise<number | undefined> =>
      (await scrape(metrics)).value(`${METRICS.latency.name}_count`, { webhook: "/validate" });
    for (const [reviews, all] of [
      [600, 600],
      [1, 601],
      [0, 601],
    ] as const) {
      for (let review = 0; review < reviews; review++) {
        metrics.reviews.reviewStarted("validate");
        metrics.reviews.reviewEnded("validate", 200, 1);
      }
      expect(await counted()).toBe(all);
    }
  });
});

describe("the index", () => {
  it("has its current values at each scrape", async () => {
    const index = indexOf([vmi("vmi-a", "ubuntu"), cvmi("vmi-c", "ubuntu")]);
    const metrics = metricsOf({ index });
    const shown = async (): Promise<unknown> => {
      const { value } = await scrape(metrics);
      return [METRICS.images, METRICS.ambiguous].map(({ name }) => [value(name, KIND), value(name, CLUSTER_KIND)]);
    };
    expect(await shown()).toEqual([
      [1, 1],
      [0, 0],
    ]);
    index.apply(vmi("vmi-b", "ubuntu", { resourceVersion: "2" }));
    expect(await shown()).toEqual([
      [2, 1],
      [1, 0],
    ]);
    index.remove(vmi("vmi-a"), "3");
    expect(await shown()).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  it("has the current state of each kind", async () => {
    let kinds: readonly KindStatus[] = [];
    const metrics = metricsOf({ source: { watches: IMAGE_KINDS, kinds: () => kinds } });
    expect(statesOf(await scrape(metrics), KIND)).toEqual(["starting"]);
    kinds = [FACTS, { ...FACTS, kind: "ClusterVirtualMachineImage", state: "forbidden" }];
    const scraped = await scrape(metrics);
    expect([statesOf(scraped, KIND), statesOf(scraped, CLUSTER_KIND)]).toEqual([["live"], ["forbidden"]]);
  });

  it("has the age of its last proof, or of the process", async () => {
    let now = 2_000_000;
    let kinds: readonly KindStatus[] = [];
    const metrics = metricsOf({ source: { watches: IMAGE_KINDS, kinds: () => kinds }, now: () => new Date(now) });
    now += 200_000;
    expect((await scrape(metrics)).value(METRICS.age.name, KIND)).toBe(200);
    kinds = [{ ...FACTS, lastProofAt: new Date(now - 1_500) }];
    expect((await scrape(metrics)).value(METRICS.age.name, KIND)).toBe(1.5);
    now -= 60_000;
    expect((await scrape(metrics)).value(METRICS.age.name, KIND)).toBe(0);
  });

  it("has the counts of its source", async () => {
    const { value } = await scrape(metricsOf({ source: { watches: IMAGE_KINDS, kinds: () => [FACTS] } }));
    const rows = [METRICS.relists, METRICS.watchRestarts, METRICS.badLines, METRICS.badObjects];
    expect(rows.map(({ name }) => value(name, KIND))).toEqual([1, 2, 3, 4]);
    expect(rows.map(({ name }) => value(name, CLUSTER_KIND))).toEqual([0, 0, 0, 0]);
  });

  it("has 0 live reads for a source without them", async () => {
    const { value } = await scrape(metricsOf({ index: new MemoryImageIndex() }));
    expect(value(METRICS.liveReads.name, { outcome: "read" })).toBe(0);
    const liveReads = (): { read: number; joined: number; refused: number; failed: number } => ({
      read: 4,
      joined: 3,
      refused: 2,
      failed: 1,
    });
    const { value: read } = await scrape(metricsOf({ source: { watches: IMAGE_KINDS, kinds: () => [], liveReads } }));
    const outcomes = ["read", "joined", "refused", "failed"];
    expect(outcomes.map((outcome) => read(METRICS.liveReads.name, { outcome }))).toEqual([4, 3, 2, 1]);
  });
});

function certificatesOf(facts: Partial<CertificateFacts>): Observed["certificates"] {
  const none = { expiry: undefined, caExpiry: undefined, renewals: { used: 0, kept: 0 }, overwrites: 0 };
  return { facts: () => ({ ...none, ...facts }) };
}

describe("certificates", () => {
  it("have their expiries in Unix time, and no value before there is one", async () => {
    const facts: { expiry?: Date; caExpiry?: Date } = {};
    const metrics = metricsOf({ certificates: { facts: () => certificatesOf(facts).facts() } });
    const read = async (): Promise<readonly (number | undefined)[]> => {
      const { value } = await scrape(metrics);
      return [METRICS.certificate.name, METRICS.ca.name].map((name) => value(name));
    };
    expect(await read()).toEqual([undefined, undefined]);
    facts.expiry = new Date("2030-01-01T00:00:00Z");
    facts.caExpiry = new Date("2031-01-01T00:00:00Z");
    expect(await read()).toEqual([1_893_456_000, 1_924_992_000]);
  });

  it("have counts of renewals, of unusable ones, and of overwritten bundles", async () => {
    const certificates = certificatesOf({ renewals: { used: 3, kept: 2 }, overwrites: 1 });
    const { value } = await scrape(metricsOf({ certificates }));
    expect(value(METRICS.renewals.name, { outcome: "used" })).toBe(3);
    expect(value(METRICS.renewals.name, { outcome: "kept" })).toBe(2);
    expect(value(METRICS.overwritings.name)).toBe(1);
  });
});

it("all kinds have series before the source reports any", async () => {
  const { value } = await scrape(metricsOf());
  for (const kind of IMAGE_KINDS) expect(value(METRICS.age.name, { kind })).toBeDefined();
});
