import { stringify } from "yaml";
import { STATES } from "../src/sources/kind-status.ts";
import { LIVE_READ_OUTCOMES } from "../src/sources/live-read-outcomes.ts";
import { type LabelValues, type MetricRow, METRICS } from "../src/metrics/metric-table.ts";
import { ALERTS } from "./alerts.ts";
import { code, prose, table } from "./markdown.ts";

/** Where `npm run docs` writes the page. */
export const METRICS_PAGE = new URL("../docs/metrics.md", import.meta.url);

const HEAD = "<!-- Made from the table of metrics by npm run docs; do not edit. -->";

/** How many values fit a cell of a table. */
const MANY_VALUES = 6;

/** The page as Markdown, laid out as prettier would. */
export function metricsPage(metrics: Readonly<Record<string, MetricRow>> = METRICS): string {
  const rows = Object.values(metrics);
  const sections = [
    HEAD,
    "# Metrics",
    prose(
      "For operators. `GET /metrics` at `--ops-listen` (`:8080`) is in the Prometheus text format. [operations.md](operations.md#runbook) says what to do at each alert.",
    ),
    prose(
      "The names and labels `controller_runtime_webhook_*` are those of every webhook made with controller-runtime, so existing dashboards show this one, too. Filter by your `job` or `namespace` where several are scraped.",
    ),
    "No label holds anything that comes from an object or a caller, so the number of series is fixed.",
    "## Table",
    "Counters begin at 0 with the process. Reviews of one object come to both paths.",
    table(
      ["metric", "type", "labels", "what to do with it"],
      rows.map(({ name, type, labels, help }) => [code(name), type, labelsInWords(labels), help]),
    ),
    ...rows.flatMap(bucketsInWords),
    "## Values of labels",
    ...longLabels(rows),
    "States of the index:",
    table(["state", "means"], meanings(STATES)),
    "Outcomes of a live read:",
    table(["outcome", "means"], meanings(LIVE_READ_OUTCOMES)),
    "## The process",
    prose(
      "prom-client adds `process_*` (CPU, resident memory, file descriptors) and `nodejs_*`. Look first at these two. `nodejs_eventloop_lag_p99_seconds`, since the last scrape: above 0.1 reviews wait for the one thread, so add replicas or CPU. `process_resident_memory_bytes`: compare it with the memory limit.",
    ),
    "## Alerts",
    "Examples to start from. Each has an entry in the [runbook](operations.md#runbook).",
    `\`\`\`yaml\n${alertRules()}\`\`\``,
  ];
  return `${sections.join("\n\n")}\n`;
}

function labelsInWords(labels: MetricRow["labels"]): string {
  return Object.entries(labels)
    .map(([name, values]) => `${code(name)}${isLong(values) ? "" : ` (${valuesInWords(values)})`}`)
    .join(", ");
}

function isLong(values: LabelValues): boolean {
  return !("text" in values) && values.length > MANY_VALUES;
}

function valuesInWords(values: LabelValues): string {
  return "text" in values ? values.text : values.join(", ");
}

/** Labels with more values than a cell takes; `state` has a table of its own. */
function longLabels(rows: readonly MetricRow[]): readonly string[] {
  return rows.flatMap(({ labels }) =>
    Object.entries(labels)
      .filter(([name, values]) => isLong(values) && name !== "state")
      .map(([name, values]) =>
        prose(
          `${code(name)}: ${valuesInWords(values)}. [references.md](references.md#checks) says what each demands. ${code("type")} is a value of the wrong JSON type, and ${code("limit")} too many references.`,
        ),
      ),
  );
}

function bucketsInWords({ name, buckets }: MetricRow): readonly string[] {
  return buckets === undefined ? [] : [`Buckets of ${code(name)}, in seconds: ${buckets.join(", ")}.`];
}

function meanings(words: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  return Object.entries(words).map(([word, meaning]) => [code(word), meaning]);
}

function alertRules(): string {
  return stringify({ groups: [{ name: "vm-image-webhook", rules: ALERTS }] }, { lineWidth: 0 });
}
