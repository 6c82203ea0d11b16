import { collectDefaultMetrics, Registry } from "prom-client";
import type { Decision } from "../admission/decide.ts";
import type { Endpoint } from "../references/target.ts";
import type { Scrape } from "../server/ops-server.ts";
import type { ReviewMetrics } from "../server/review-metrics.ts";
import { type Observed, observe } from "./observed.ts";
import { ReviewCounts } from "./review-counts.ts";

/** All metrics of one server, in a registry of its own. No label says anything that a caller sent. */
export class Metrics implements ReviewMetrics, Scrape {
  readonly #registry = new Registry();
  #writing: Promise<string> | undefined;
  readonly #reviews: ReviewCounts;

  constructor(observed: Observed) {
    this.#reviews = new ReviewCounts(this.#registry);
    observe(this.#registry, observed);
    collectDefaultMetrics({ register: this.#registry });
  }

  reviewStarted(endpoint: Endpoint): void {
    this.#reviews.reviewStarted(endpoint);
  }

  reviewEnded(endpoint: Endpoint, status: number, milliseconds: number): void {
    this.#reviews.reviewEnded(endpoint, status, milliseconds);
  }

  decided(endpoint: Endpoint, decision: Decision): void {
    this.#reviews.decided(endpoint, decision);
  }

  shed(endpoint: Endpoint): void {
    this.#reviews.shed(endpoint);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Scrapes that come while one is being written share its text: it takes milliseconds, and probes wait for it. */
  text(): Promise<string> {
    this.#writing ??= this.#registry.metrics().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }
}
