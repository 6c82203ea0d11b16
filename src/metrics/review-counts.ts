import type { Registry } from "prom-client";
import type { Decision } from "../admission/decide.ts";
import type { Lookup } from "../references/resolve-reference.ts";
import type { Endpoint } from "../references/target.ts";
import { ENDPOINT_PATHS } from "../server/admission-server.ts";
import type { ReviewMetrics } from "../server/review-metrics.ts";
import { counter, type CounterOf, gauge, type GaugeOf, histogram, type HistogramOf } from "./registered.ts";
import { COUNTED_CHECKS, DECISIONS, EFFECTS, FAILURES, METRICS, OUTCOMES } from "./metric-table.ts";

/** Statuses whose series start at 0. */
const LIKELY_CODES = [200, 400, 500, 503, 504];
const REASONS: ReadonlyMap<number, string> = new Map(
  Object.entries(FAILURES).map(([status, reason]) => [Number(status), reason]),
);

/** Counts reviews in the metrics of the table. */
export class ReviewCounts implements ReviewMetrics {
  readonly #requests: CounterOf<typeof METRICS.requests>;
  readonly #latency: HistogramOf<typeof METRICS.latency>;
  readonly #decisions: CounterOf<typeof METRICS.decisions>;
  readonly #problems: CounterOf<typeof METRICS.problems>;
  readonly #resolutions: CounterOf<typeof METRICS.resolutions>;
  readonly #failed: CounterOf<typeof METRICS.failed>;
  readonly #rejected: CounterOf<typeof METRICS.rejected>;
  readonly #inFlight: GaugeOf<typeof METRICS.inFlight>;

  constructor(registry: Registry) {
    this.#requests = counter(registry, METRICS.requests);
    this.#latency = histogram(registry, METRICS.latency);
    this.#decisions = counter(registry, METRICS.decisions);
    this.#problems = counter(registry, METRICS.problems);
    this.#resolutions = counter(registry, METRICS.resolutions);
    this.#failed = counter(registry, METRICS.failed);
    this.#rejected = counter(registry, METRICS.rejected);
    this.#inFlight = gauge(registry, METRICS.inFlight);
    for (const webhook of Object.values(ENDPOINT_PATHS)) this.#startAtZero(webhook);
  }

  /** A rate in PromQL sees the first event only where the series was at 0 before. */
  #startAtZero(webhook: string): void {
    for (const code of LIKELY_CODES) this.#requests.inc({ webhook, code }, 0);
    this.#latency.zero({ webhook });
    for (const decision of DECISIONS) this.#decisions.inc({ webhook, decision }, 0);
    for (const level of EFFECTS) {
      for (const check of COUNTED_CHECKS) this.#problems.inc({ webhook, check, level }, 0);
    }
    for (const outcome of OUTCOMES) this.#resolutions.inc({ webhook, outcome }, 0);
    for (const reason of REASONS.values()) this.#failed.inc({ webhook, reason }, 0);
    this.#rejected.inc({ webhook }, 0);
    this.#inFlight.set({ webhook }, 0);
  }

  reviewStarted(endpoint: Endpoint): void {
    this.#inFlight.inc({ webhook: ENDPOINT_PATHS[endpoint] });
  }

  reviewEnded(endpoint: Endpoint, status: number, milliseconds: number): void {
    const webhook = ENDPOINT_PATHS[endpoint];
    this.#inFlight.dec({ webhook });
    this.#latency.observe({ webhook }, milliseconds / 1_000);
    this.#requests.inc({ webhook, code: status });
    const reason = REASONS.get(status);
    if (reason !== undefined) this.#failed.inc({ webhook, reason });
  }

  reviewDecided(endpoint: Endpoint, decision: Decision): void {
    const webhook = ENDPOINT_PATHS[endpoint];
    this.#decisions.inc({ webhook, decision: nameOf(decision) });
    for (const lookup of decision.lookups) this.#resolutions.inc({ webhook, outcome: outcomeOf(lookup) });
    if (decision.is === "undecided") return;
    for (const { check } of decision.findings.denials) this.#problems.inc({ webhook, check, level: "deny" });
    for (const { check } of decision.findings.warnings) this.#problems.inc({ webhook, check, level: "warn" });
  }

  reviewRejected(endpoint: Endpoint): void {
    this.#rejected.inc({ webhook: ENDPOINT_PATHS[endpoint] });
  }
}

function nameOf(decision: Decision): (typeof DECISIONS)[number] {
  return decision.is === "allowed" && decision.patch.length > 0 ? "patched" : decision.is;
}

function outcomeOf(lookup: Lookup): (typeof OUTCOMES)[number] {
  return lookup.is === "unresolved" ? lookup.resolution.is : lookup.is;
}
