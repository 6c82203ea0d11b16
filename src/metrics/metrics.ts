import { collectDefaultMetrics, Registry } from "prom-client";
import type { Scrape } from "../server/ops-server.ts";
import { type Observed, observe } from "./observed.ts";
import { ReviewCounts } from "./review-counts.ts";

/** All metrics of one server, in their own registry. No label holds text that a caller sent. */
export class Metrics implements Scrape {
  readonly reviews: ReviewCounts;
  readonly #registry = new Registry();
  #writing: Promise<string> | undefined;

  constructor(observed: Observed) {
    this.reviews = new ReviewCounts(this.#registry);
    observe(this.#registry, observed);
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Concurrent scrapes share one text: to write it takes milliseconds, and probes wait for that. */
  text(): Promise<string> {
    this.#writing ??= this.#registry.metrics().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }
}
