import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { MetricRow, METRICS } from "./metric-table.ts";

type Row = (typeof METRICS)[keyof typeof METRICS];
type RowOf<Type extends MetricRow["type"]> = Extract<Row, { type: Type }>;
type LabelOf<R extends Row> = Extract<keyof R["labels"], string>;

export type CounterOf<R extends RowOf<"counter">> = Counter<LabelOf<R>>;
export type GaugeOf<R extends RowOf<"gauge">> = Gauge<LabelOf<R>>;
export type HistogramOf<R extends RowOf<"histogram">> = Histogram<LabelOf<R>>;

/** Registers a counter. `collect` sets its values anew at each scrape. */
export function counter<R extends RowOf<"counter">>(
  registry: Registry,
  row: R,
  collect?: (this: CounterOf<R>) => void,
): CounterOf<R> {
  const configuration = configurationOf(registry, row);
  if (collect === undefined) return new Counter<LabelOf<R>>(configuration);
  return new Counter<LabelOf<R>>({
    ...configuration,
    collect() {
      this.reset();
      collect.call(this);
    },
  });
}

/** Registers a gauge. `collect` sets its values at each scrape. */
export function gauge<R extends RowOf<"gauge">>(
  registry: Registry,
  row: R,
  collect?: (this: GaugeOf<R>) => void,
): GaugeOf<R> {
  return new Gauge<LabelOf<R>>({ ...configurationOf(registry, row), ...(collect && { collect }) });
}

/** Registers a histogram of the table. */
export function histogram<R extends RowOf<"histogram">>(registry: Registry, row: R): HistogramOf<R> {
  return new Histogram<LabelOf<R>>({ ...configurationOf(registry, row), buckets: [...row.buckets] });
}

function configurationOf<R extends Row>(
  registry: Registry,
  { name, help, labels }: R,
): { name: string; help: string; labelNames: LabelOf<R>[]; registers: Registry[] } {
  return { name, help, labelNames: Object.keys(labels) as LabelOf<R>[], registers: [registry] };
}
