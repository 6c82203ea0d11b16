import { Counter, Gauge, type Registry } from "prom-client";
import type { MetricRow, METRICS } from "./table.ts";

type Row = (typeof METRICS)[keyof typeof METRICS];
type RowOf<Type extends MetricRow["type"]> = Extract<Row, { type: Type }>;
type LabelOf<R extends Row> = Extract<keyof R["labels"], string>;

/** One series of a counter: a plain number, for prom-client looks labels up anew at each step. */
export class Series<Label extends string = string> {
  readonly labels: Readonly<Record<Label, string>>;
  value = 0;

  constructor(labels: Readonly<Record<Label, string>>) {
    this.labels = labels;
  }

  increment(): void {
    this.value++;
  }
}

/** A counter of the table. A series is there, at 0, before its first event: Prometheus sees no rise in one that is not. */
export class CounterFamily<R extends RowOf<"counter">> {
  readonly #series: Series<LabelOf<R>>[] = [];

  constructor(registry: Registry, row: R) {
    const all = this.#series;
    counter(registry, row, function () {
      for (const { labels, value } of all) this.inc(labels, value);
    });
  }

  series(labels: Readonly<Record<LabelOf<R>, string>>): Series<LabelOf<R>> {
    const made = new Series(labels);
    this.#series.push(made);
    return made;
  }
}

/** A counter of the table that `collect` fills, from nothing, at each scrape. */
export function counter<R extends RowOf<"counter">>(
  registry: Registry,
  row: R,
  collect: (this: Counter<LabelOf<R>>) => void,
): void {
  new Counter<LabelOf<R>>({
    ...configuration(registry, row),
    collect() {
      this.reset();
      collect.call(this);
    },
  });
}

/** A gauge of the table, which `collect` sets at each scrape. */
export function gauge<R extends RowOf<"gauge">>(
  registry: Registry,
  row: R,
  collect: (this: Gauge<LabelOf<R>>) => void,
): void {
  new Gauge<LabelOf<R>>({ ...configuration(registry, row), collect });
}

function configuration<R extends Row>(
  registry: Registry,
  { name, help, labels }: R,
): { name: string; help: string; labelNames: LabelOf<R>[]; registers: Registry[] } {
  return { name, help, labelNames: Object.keys(labels) as LabelOf<R>[], registers: [registry] };
}
