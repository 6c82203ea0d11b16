import { collectDefaultMetrics, Registry } from "prom-client";
import type { Decision } from "../admission/decide.ts";
import type { Endpoint } from "../references/subject.ts";
import { ENDPOINT_PATHS } from "../server/admission-server.ts";
import type { Scrape } from "../server/ops-server.ts";
import type { ReviewMetrics } from "../server/review-metrics.ts";
import { type Observed, observe } from "./observed.ts";
import { gauge } from "./registered.ts";
import { ReviewCounts, ReviewFamilies } from "./review-counts.ts";
import { METRICS } from "./table.ts";

/** All metrics of one server, in a registry of its own. No label says anything that a caller sent. */
export class Metrics implements ReviewMetrics, Scrape {
  readonly #registry = new Registry();
  readonly #reviews: Readonly<Record<Endpoint, ReviewCounts>>;

  constructor(observed: Observed) {
    const families = new ReviewFamilies(this.#registry);
    const reviews = {
      mutate: new ReviewCounts(ENDPOINT_PATHS.mutate, families),
      validate: new ReviewCounts(ENDPOINT_PATHS.validate, families),
    };
    this.#reviews = reviews;
    gauge(this.#registry, METRICS.inFlight, function () {
      this.set({ webhook: ENDPOINT_PATHS.mutate }, reviews.mutate.inFlight);
      this.set({ webhook: ENDPOINT_PATHS.validate }, reviews.validate.inFlight);
    });
    observe(this.#registry, observed);
    collectDefaultMetrics({ register: this.#registry });
  }

  reviewStarted(endpoint: Endpoint): void {
    this.#reviews[endpoint].started();
  }

  reviewEnded(endpoint: Endpoint, status: number, milliseconds: number): void {
    this.#reviews[endpoint].ended(status, milliseconds);
  }

  decided(endpoint: Endpoint, decision: Decision): void {
    this.#reviews[endpoint].decided(decision);
  }

  shed(endpoint: Endpoint): void {
    this.#reviews[endpoint].shed();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
