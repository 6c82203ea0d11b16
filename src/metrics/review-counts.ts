import type { Registry } from "prom-client";
import type { Decision } from "../admission/decide.ts";
import type { FieldProblem } from "../references/problem.ts";
import type { ReferenceImage } from "../references/reference-image.ts";
import { HistogramFamily, type HistogramSeries } from "./histogram.ts";
import { CounterFamily, type Series } from "./registered.ts";
import { COUNTED_CHECKS, DECISIONS, EFFECTS, FAILURES, METRICS, OUTCOMES } from "./table.ts";

type Effect = (typeof EFFECTS)[number];
type Outcome = (typeof OUTCOMES)[number];

type Family<Id extends "requests" | "decisions" | "problems" | "resolutions" | "failed" | "shed"> = CounterFamily<
  (typeof METRICS)[Id]
>;

/** The metrics of reviews; each path has its own series of each. */
export class ReviewFamilies {
  readonly requests: Family<"requests">;
  readonly latency: HistogramFamily<keyof (typeof METRICS)["latency"]["labels"]>;
  readonly decisions: Family<"decisions">;
  readonly problems: Family<"problems">;
  readonly resolutions: Family<"resolutions">;
  readonly failed: Family<"failed">;
  readonly shed: Family<"shed">;

  constructor(registry: Registry) {
    this.requests = new CounterFamily(registry, METRICS.requests);
    this.latency = new HistogramFamily(registry, METRICS.latency);
    this.decisions = new CounterFamily(registry, METRICS.decisions);
    this.problems = new CounterFamily(registry, METRICS.problems);
    this.resolutions = new CounterFamily(registry, METRICS.resolutions);
    this.failed = new CounterFamily(registry, METRICS.failed);
    this.shed = new CounterFamily(registry, METRICS.shed);
  }
}

/** Answers that there will be: they are there before the first, so that a rate sees it. */
const LIKELY_CODES = [200, 400, 500, 503, 504];

/** What is counted of the reviews of one path. */
export class ReviewCounts {
  readonly #webhook: string;
  readonly #families: ReviewFamilies;
  readonly #latency: HistogramSeries;
  readonly #codes = new Map<number, Series>();
  readonly #failed: ReadonlyMap<number, Series>;
  readonly #decisions: Readonly<Record<(typeof DECISIONS)[number], Series>>;
  readonly #problems: Readonly<Record<Effect, Readonly<Record<FieldProblem["check"], Series>>>>;
  readonly #resolutions: Readonly<Record<Outcome, Series>>;
  readonly #shed: Series;
  #inFlight = 0;

  constructor(webhook: string, families: ReviewFamilies) {
    this.#webhook = webhook;
    this.#families = families;
    const { latency, decisions, problems, resolutions, failed, shed } = families;
    this.#latency = latency.series({ webhook });
    for (const code of LIKELY_CODES) this.#code(code);
    this.#failed = new Map(
      Object.entries(FAILURES).map(([code, reason]) => [Number(code), failed.series({ webhook, reason })]),
    );
    this.#decisions = byValue(DECISIONS, (decision) => decisions.series({ webhook, decision }));
    this.#problems = byValue(EFFECTS, (level) =>
      byValue(COUNTED_CHECKS, (check) => problems.series({ webhook, check, level })),
    );
    this.#resolutions = byValue(OUTCOMES, (outcome) => resolutions.series({ webhook, outcome }));
    this.#shed = shed.series({ webhook });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  started(): void {
    this.#inFlight++;
  }

  ended(status: number, milliseconds: number): void {
    this.#inFlight--;
    this.#latency.observe(milliseconds / 1_000);
    this.#code(status).increment();
    this.#failed.get(status)?.increment();
  }

  decided(decision: Decision): void {
    this.#decisions[nameOf(decision)].increment();
    const { references = [], findings } = decision.judged ?? {};
    for (const reference of references) this.#resolutions[outcomeOf(reference)].increment();
    for (const { check } of findings?.denials ?? []) this.#problems.deny[check].increment();
    for (const { check } of findings?.warnings ?? []) this.#problems.warn[check].increment();
  }

  shed(): void {
    this.#shed.increment();
  }

  /** Statuses are ours and few: a caller cannot choose one. */
  #code(status: number): Series {
    const known = this.#codes.get(status);
    if (known !== undefined) return known;
    const made = this.#families.requests.series({ webhook: this.#webhook, code: String(status) });
    this.#codes.set(status, made);
    return made;
  }
}

function nameOf(decision: Decision): (typeof DECISIONS)[number] {
  return decision.is === "allowed" && decision.patch.length > 0 ? "patched" : decision.is;
}

function outcomeOf(reference: ReferenceImage): Outcome {
  return reference.is === "unresolved" ? reference.resolution.is : reference.is;
}

function byValue<Value extends string, T>(
  values: readonly Value[],
  of: (value: Value) => T,
): Readonly<Record<Value, T>> {
  return Object.fromEntries(values.map((value) => [value, of(value)])) as Record<Value, T>;
}
