import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ALERTS } from "../../scripts/alerts.ts";
import { METRICS_PAGE, metricsPage } from "../../scripts/metrics-page.ts";
import { STATES } from "../../src/sources/kind-status.ts";
import { type MetricRow, METRICS } from "../../src/metrics/metric-table.ts";

const PAGE = readFileSync(METRICS_PAGE, "utf8");
const ROWS = Object.values<MetricRow>(METRICS);

/** What a label of this metric is in an expression: `{state!~"live|absent"}` as `["state", "!~", "live|absent"]`. */
const MATCHER = /(\w+)(=~|!~|=|!=)"([^"]*)"/g;

it("docs/metrics.md is what `npm run docs` writes now", () => {
  expect(PAGE).toBe(metricsPage());
});

it("docs/metrics.md is laid out as prettier would", async () => {
  const file = fileURLToPath(METRICS_PAGE);
  expect(await check(PAGE, { ...(await resolveConfig(file)), filepath: file })).toBe(true);
});

describe("every metric is on the page", () => {
  it.each(ROWS)("$name", ({ name, type, help, labels, buckets = [] }) => {
    const [line = ""] = PAGE.split("\n").filter((each) => each.startsWith(`| \`${name}\``));
    const cells = line.split("|").map((cell) => cell.trim());
    expect(cells[2]).toBe(type);
    expect(cells[4]).toBe(help);
    for (const [label, values] of Object.entries(labels)) {
      expect(cells[3]).toContain(`\`${label}\``);
      for (const value of "text" in values ? [values.text] : values) expect(PAGE).toContain(value);
    }
    expect(PAGE).toContain(buckets.join(", "));
  });

  it("and no other", () => {
    const written = PAGE.split("\n").filter((line) => /^\| `(controller_runtime|vm_image_webhook)_/.test(line));
    expect(written).toHaveLength(ROWS.length);
  });
});

it("every help says what the metric is, and in a second sentence what an operator does with it", () => {
  for (const { help } of ROWS) expect(help).toMatch(/[.)] [A-Z\d/].*\.$/);
});

it("the page follows its table", () => {
  const row: MetricRow = {
    name: "a_total",
    type: "counter",
    help: "A. B|C.",
    labels: { one: ["x"], two: { text: "y" } },
  };
  expect(metricsPage({ row })).toMatch(/\| `a_total` +\| counter +\| `one` \(x\), `two` \(y\) +\| A\. B\\\|C\. +\|/);
});

describe("the alerts", () => {
  it("are a file that Prometheus takes, as the page has it", () => {
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
    expect(parse(yaml)).toEqual({ groups: [{ name: "vm-image-webhook", rules: ALERTS }] });
  });

  it.each(ALERTS)("$alert asks for metrics and labels that there are", ({ expr, annotations }) => {
    const named = [...expr.matchAll(/\b(?:controller_runtime|vm_image_webhook)_\w+/g)].map(([name]) => name);
    const rows = ROWS.filter(({ name }) => named.includes(name));
    expect(new Set(named).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThan(0);
    const labels = rows.flatMap((row) => Object.keys(row.labels));
    const used = [
      ...[...expr.matchAll(MATCHER)].map(([, label]) => label),
      ...[...expr.matchAll(/by \(([\w, ]+)\)/g)].flatMap(([, list = ""]) => list.split(", ")),
      ...[...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label),
    ];
    for (const label of used) expect(labels).toContain(label);
  });

  it.each(ALERTS)("$alert names states that there are", ({ expr }) => {
    const states = [...expr.matchAll(MATCHER)].filter(([, label]) => label === "state");
    for (const [, , , names = ""] of states) for (const name of names.split("|")) expect(STATES).toHaveProperty(name);
  });

  it.each([
    [METRICS.age, "> 180"],
    [METRICS.ambiguous, "> 0"],
    [METRICS.failed, "> 0"],
    [METRICS.certificate, "< 7 * 24 * 3600"],
    [METRICS.ca, "< 30 * 24 * 3600"],
    [METRICS.renewals, "> 0"],
    [METRICS.overwritings, "> 3"],
    [METRICS.state, "== 1"],
  ])("there is one for $name %s", ({ name }, bound) => {
    expect(ALERTS.some(({ expr }) => expr.includes(name) && expr.endsWith(bound))).toBe(true);
  });
});
