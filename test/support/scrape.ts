import { onTestFinished } from "vitest";
import { IMAGE_KINDS } from "../../src/images/image.ts";
import { Metrics } from "../../src/metrics/metrics.ts";
import type { Observed } from "../../src/metrics/observed.ts";
import { listen } from "../../src/server/listen.ts";
import { opsServer } from "../../src/server/ops-server.ts";
import { exampleIndex } from "./catalogue.ts";

/** Metrics of the example images, without a source, except for the given parts. */
export function metricsOf(observed: Partial<Observed> = {}): Metrics {
  return new Metrics({
    index: exampleIndex(),
    source: { watches: IMAGE_KINDS, kinds: () => [] },
    certificates: {
      facts: () => ({ expiry: undefined, caExpiry: undefined, renewals: { used: 0, kept: 0 }, overwrites: 0 }),
    },
    now: () => new Date(),
    ...observed,
  });
}

export interface ScrapedSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scraped {
  readonly text: string;
  readonly contentType: string | null;
  readonly series: readonly ScrapedSeries[];
  /** By name. */
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  /** The value of the one series with this name and at least these labels. Undefined where there is none. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined;
}

/** Scrapes over HTTP as Prometheus does. Throws where it could not parse the text. */
export async function scrape(metrics: Metrics): Promise<Scraped> {
  const server = opsServer(() => [], metrics);
  onTestFinished(() => server.close());
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  return scrapeFrom(port);
}

export async function scrapeFrom(port: number): Promise<Scraped> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`);
  return parse(await response.text(), response.headers.get("content-type"));
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);

/** Parses the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats): families after their head. */
function parse(text: string, contentType: string | null): Scraped {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no newline");
  const heads = { HELP: new Map<string, string>(), TYPE: new Map<string, string>() };
  const series = new Map<string, ScrapedSeries>();
  for (const line of lines.filter((each) => each !== "")) {
    const [, what, about = "", rest = ""] = COMMENT.exec(line) ?? [];
    if (what === "HELP" || what === "TYPE") addOnce(heads[what], about, rest);
    else addOnce(series, line.slice(0, line.lastIndexOf(" ")), sampleIn(line, heads.TYPE));
  }
  const all = [...series.values()];
  return { text, contentType, series: all, types: heads.TYPE, helps: heads.HELP, value: valueIn(all) };
}

function addOnce<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.has(key)) throw new Error(`twice: ${key}`);
  map.set(key, value);
}

function sampleIn(line: string, types: ReadonlyMap<string, string>): ScrapedSeries {
  const [sample, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
  if (sample === undefined) throw new Error(`no sample: ${line}`);
  const [family, type] = [...types].at(-1) ?? ["", ""];
  const suffix = type === "histogram" ? /^_(?:bucket|sum|count)$/ : /^$/;
  if (!name.startsWith(family) || !suffix.test(name.slice(family.length))) throw new Error(`no head: ${line}`);
  return { name, labels: labelsOf(labels), value: numberOf(value) };
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value]));
}

/** As Go's strconv.ParseFloat, which ignores the case of NaN. */
function numberOf(text: string): number {
  if (/^nan$/i.test(text)) return NaN;
  const value = Number(text.replace("Inf", "Infinity"));
  if (Number.isNaN(value)) throw new Error(`no number: ${text}`);
  return value;
}

function valueIn(series: readonly ScrapedSeries[]): Scraped["value"] {
  return (name, labels = {}) => {
    const found = series.filter(
      (each) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
    );
    if (found.length > 1) throw new Error(`${found.length} series of ${name}`);
    return found[0]?.value;
  };
}
