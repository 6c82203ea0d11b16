import type { Histogram, MetricValueWithName, Registry } from "prom-client";
import type { LabelValues, MetricRow } from "./table.ts";

type HistogramRow = MetricRow & Required<Pick<MetricRow, "buckets">>;
type Sample = MetricValueWithName<string>;

/** One series of a histogram: plain numbers, for prom-client looks labels up anew at each observation. */
export class HistogramSeries<Label extends string = string> {
  readonly #labels: Readonly<Record<Label, string>>;
  readonly #bounds: readonly number[];
  /** Observations by the lowest bound that is not below them; the last ones are above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: Readonly<Record<Label, string>>, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    for (const bound of this.#bounds) {
      if (value <= bound) break;
      bucket++;
    }
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** As Prometheus reads it: a bucket counts what is in those below it, too. */
  samples(name: string): readonly Sample[] {
    const labels: Readonly<Record<string, string>> = this.#labels;
    let count = 0;
    const buckets = this.#counts.map((within, position): Sample => {
      count += within;
      const le = this.#bounds[position] ?? "+Inf";
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

/** A histogram that prom-client writes, but does not count. A series is there, with nothing in it, before its first observation. */
export class HistogramFamily<Label extends string> {
  readonly #bounds: readonly number[];
  readonly #series: HistogramSeries<Label>[] = [];

  constructor(registry: Registry, row: HistogramRow & { readonly labels: Readonly<Record<Label, LabelValues>> }) {
    this.#bounds = row.buckets;
    const { name, help } = row;
    const get = (): Promise<object> =>
      Promise.resolve({ name, help, type: "histogram", values: this.#series.flatMap((each) => each.samples(name)) });
    // This is all that a registry asks a metric for; its type wants a class of prom-client's.
    registry.registerMetric({ name, get } as unknown as Histogram);
  }

  series(labels: Readonly<Record<Label, string>>): HistogramSeries<Label> {
    const made = new HistogramSeries(labels, this.#bounds);
    this.#series.push(made);
    return made;
  }
}
