import { CHECK_IDS } from "../../src/admission/systems.ts";
import { setTimeout as delay } from "node:timers/promises";
import { expect, describe, test } from "vitest";

import { type LabelValues, type MetricRow, METRICS } from "../../src/metrics/metric-table.ts";
import type { Metrics } from "../../src/metrics/metrics.ts";
import { createReview, virtualMachine } from "../support/admission-review.ts";
import { indexOf, vmi } from "../support/catalogue.ts";
import { metricsOf, scrape, type Scraped } from "../support/scrape.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

const MUTATE = { webhook: "/mutate" };
const VALIDATE = { webhook: "/validate" };
const { requests, latency, inFlight, decisions, problems, resolutions, failed, rejected } = METRICS;

/** A webhook with metrics over these images. */
async function counted(
  given: Omit<NonNullable<Parameters<typeof webhook>[0]>, "metrics"> = {},
): Promise<Webhook & { metrics: Metrics }> {
  const metrics = metricsOf();
  const index = indexOf([
    vmi("vmi-a", "ubuntu"),
    vmi("vmi-p", "photon"),
    vmi("vmi-q", "photon"),
    vmi("vmi-w", "wip", { readiness: { is: "notReady", condition: "Ready", reason: "Syncing", message: "soon" } }),
  ]);
  return { metrics, ...(await webhook({ index, metrics: metrics.reviews, ...given })) };
}

function reviewOf(spec: unknown): unknown {
  return createReview({ object: virtualMachine(spec) });
}

/** A machine that boots from this image and has nothing else wrong. */
function pinned(name: string): unknown {
  return reviewOf({ imageName: name, image: { kind: "VirtualMachineImage", name } });
}

/** All series of a counter that are not 0, by the values of their labels. */
function counts({ series }: Scraped, { name }: MetricRow): Record<string, number> {
  const risen = series.filter((each) => each.name === name && each.value !== 0);
  return Object.fromEntries(risen.map(({ labels, value }) => [Object.values(labels).join(" "), value]));
}

describe("reviews over HTTPS, scraped over HTTP", () => {
  test("are counted by path and status, with their latency", async () => {
    const { client, metrics } = await counted();
    await client.post("/mutate", reviewOf({ imageName: "ubuntu" }));
    await client.post("/mutate", reviewOf({ imageName: "photon" }));
    await client.post("/validate", pinned("vmi-a"));
    await client.post("/mutate", "no JSON");
    const scraped = await scrape(metrics);
    expect(scraped.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(counts(scraped, requests)).toEqual({ "/mutate 200": 2, "/mutate 400": 1, "/validate 200": 1 });
    expect(scraped.value(`${latency.name}_count`, MUTATE)).toBe(3);
    expect(scraped.value(`${latency.name}_count`, VALIDATE)).toBe(1);
    const seconds = scraped.value(`${latency.name}_sum`, MUTATE) ?? 0;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(3);
    expect(scraped.value(inFlight.name, MUTATE)).toBe(0);
  });

  test("are counted by decision", async () => {
    const { client, metrics } = await counted();
    await client.post("/mutate", reviewOf({ imageName: "ubuntu" }));
    await client.post("/mutate", reviewOf({ imageName: "photon" }));
    await client.post("/mutate", createReview({ operation: "DELETE", object: null }));
    await client.post("/validate", pinned("vmi-a"));
    const scraped = await scrape(metrics);
    expect(counts(scraped, decisions)).toEqual({
      "/mutate patched": 1,
      "/mutate refused": 1,
      "/mutate allowed": 1,
      "/validate allowed": 1,
    });
    expect(counts(scraped, resolutions)).toEqual({
      "/mutate resolved": 1,
      "/mutate ambiguous": 1,
      "/validate resolved": 1,
    });
  });

  test("are counted by check and level", async () => {
    const { client, metrics } = await counted();
    await client.post("/mutate", reviewOf({ imageName: "photon" }));
    await client.post("/mutate", reviewOf({ imageName: "rocky" }));
    await client.post("/mutate", reviewOf({ image: { kind: "Secret", name: "x" } }));
    await client.post("/validate", pinned("vmi-w"));
    await client.post("/validate", reviewOf({ imageName: 7 }));
    const scraped = await scrape(metrics);
    expect(counts(scraped, problems)).toEqual({
      "/mutate exists deny": 2,
      "/mutate kind deny": 1,
      "/validate ready warn": 1,
      "/validate type deny": 1,
    });
    expect(counts(scraped, resolutions)).toMatchObject({
      "/mutate ambiguous": 1,
      "/mutate notFound": 1,
      "/mutate unsupportedKind": 1,
    });
  });

  test("are undecided while the index is not complete", async () => {
    const { client, metrics } = await counted({ index: indexOf([], []) });
    await client.post("/mutate", reviewOf({ imageName: "ubuntu" }));
    const scraped = await scrape(metrics);
    expect(counts(scraped, requests)).toEqual({ "/mutate 503": 1 });
    expect(counts(scraped, decisions)).toEqual({ "/mutate undecided": 1 });
    expect(counts(scraped, resolutions)).toEqual({ "/mutate notSynced": 1 });
  });

  test("that wait for a live read are in flight, and counted once after it", async () => {
    const read = Promise.withResolvers<boolean>();
    const { client, metrics } = await counted({ confirm: () => read.promise });
    const answer = client.post("/mutate", reviewOf({ imageName: "rocky" }));
    await expect.poll(async () => (await scrape(metrics)).value(inFlight.name, MUTATE)).toBe(1);
    read.resolve(true);
    await answer;
    const scraped = await scrape(metrics);
    expect(scraped.value(inFlight.name, MUTATE)).toBe(0);
    expect(counts(scraped, decisions)).toEqual({ "/mutate refused": 1 });
    expect(counts(scraped, resolutions)).toEqual({ "/mutate notFound": 1 });
  });

  test("that fail are counted by reason: a bug, a late body, a caller that went away", async () => {
    const read = Promise.withResolvers<boolean>();
    let broken = true;
    const confirm = (): Promise<boolean> => (broken ? Promise.reject(new Error("a bug")) : read.promise);
    const { client, metrics } = await counted({ confirm });
    expect((await client.post("/mutate", reviewOf({ imageName: "rocky" }))).status).toBe(500);
    expect((await client.post("/validate?timeout=0.001ms", pinned("vmi-a"))).status).toBe(504);
    broken = false;
    const { request, answer } = client.open({ path: "/mutate", headers: JSON_HEADERS });
    request.end(JSON.stringify(reviewOf({ imageName: "rocky" })));
    await expect.poll(async () => (await scrape(metrics)).value(inFlight.name, MUTATE)).toBe(1);
    request.destroy();
    await expect(answer).rejects.toThrow();
    await expect.poll(async () => (await scrape(metrics)).value(inFlight.name, MUTATE)).toBe(0);
    read.resolve(true);
    await delay(10);
    const scraped = await scrape(metrics);
    expect(counts(scraped, failed)).toEqual({ "/mutate error": 1, "/validate late": 1, "/mutate gone": 1 });
    expect(counts(scraped, requests)).toEqual({ "/mutate 500": 1, "/validate 504": 1, "/mutate 499": 1 });
  });

  test("that are cut off within their body are counted", async () => {
    const { client, metrics } = await counted();
    const { request, answer } = client.open({ path: "/mutate", headers: { ...JSON_HEADERS, "content-length": "100" } });
    request.write("{");
    await expect.poll(async () => (await scrape(metrics)).value(inFlight.name, MUTATE)).toBe(1);
    request.destroy();
    await expect(answer).rejects.toThrow();
    await expect.poll(async () => counts(await scrape(metrics), requests)).toEqual({ "/mutate 499": 1 });
  });

  test("are not counted for other methods and paths", async () => {
    const { client, metrics } = await counted();
    await client.ask({ method: "GET", path: "/mutate" });
    await client.post("/other", {});
    expect(counts(await scrape(metrics), requests)).toEqual({});
  });

  test("that are rejected are counted by webhook", async () => {
    const { metrics } = await counted();
    metrics.reviews.reviewRejected("validate");
    expect(counts(await scrape(metrics), rejected)).toEqual({ "/validate": 1 });
  });
});

describe("text from callers", () => {
  /** Without the series of the process, which change. */
  function ours({ series }: Scraped): readonly unknown[] {
    const own = series.filter(({ name }) => !/^(nodejs|process)_/.test(name));
    return own.map(({ name, labels }) => [name, labels]);
  }

  const HOSTILE = 'evil"} 1\nhostile_metric{x="';

  test("never appears in a scrape", async () => {
    const { client, metrics } = await counted({ confirm: () => Promise.resolve(true) });
    const request = {
      uid: HOSTILE,
      name: HOSTILE,
      namespace: HOSTILE,
      subResource: "",
      userInfo: { username: HOSTILE, groups: [HOSTILE] },
      dryRun: HOSTILE,
    };
    const before = ours(await scrape(metrics));
    const specs = [{ imageName: HOSTILE }, { image: { kind: HOSTILE, name: HOSTILE } }, { image: { name: HOSTILE } }];
    for (const path of ["/mutate", "/validate", `/mutate?timeout=${encodeURIComponent(HOSTILE)}`]) {
      for (const spec of specs) await client.post(path, createReview({ ...request, object: virtualMachine(spec) }));
      const kind = { group: HOSTILE, version: HOSTILE, kind: HOSTILE };
      await client.post(path, createReview({ ...request, kind, resource: kind, operation: HOSTILE }));
      await client.post(path, { kind: HOSTILE });
      await client.post(path, HOSTILE);
    }
    await client.post(`/${encodeURIComponent(HOSTILE)}`, {});
    const scraped = await scrape(metrics);
    expect(scraped.text).not.toMatch(/evil|hostile/);
    expect(ours(scraped)).toEqual(before);
    expect(scraped.value(`${latency.name}_count`, MUTATE)).toBe(12);
  });

  test.each(Object.values<MetricRow>(METRICS))("is never the value of a label of $name", async ({ name, labels }) => {
    const { client, metrics } = await counted();
    await client.post("/mutate", reviewOf({ imageName: "photon" }));
    const { series } = await scrape(metrics);
    const own = series.filter((each) => each.name.replace(/_(bucket|sum|count)$/, "") === name);
    for (const { labels: found } of own) {
      const said = Object.entries(found).filter(([label]) => label !== "le");
      expect(said.map(([label]) => label).sort()).toEqual(Object.keys(labels).sort());
      for (const [label, value] of said) expect(isOf(value, labels[label])).toBe(true);
    }
  });

  function isOf(value: string, values: LabelValues | undefined): boolean {
    if (values === undefined) return false;
    return "text" in values ? /^[\d.]+$/.test(value) : values.includes(value);
  }
});

test("every check has its series before its first problem", async () => {
  const { series } = await scrape(metricsOf());
  for (const check of [...CHECK_IDS, "type"]) {
    const own = series.filter(({ name, labels }) => name === problems.name && labels["check"] === check);
    expect(own.map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  }
});
