import type { Registry } from "prom-client";
import type { CertificateSource } from "../certs/certificate-source.ts";
import { VERSION } from "../common/version.ts";
import type { ImageKind } from "../images/image.ts";
import type { MemoryImageIndex } from "../images/image-index.ts";
import type { ImageSource } from "../sources/image-source.ts";
import { type KindStatus, type StateName, STATES } from "../sources/kind-status.ts";
import { LIVE_READ_OUTCOMES } from "../sources/live-read-outcomes.ts";
import { counter, gauge } from "./registered.ts";
import { METRICS } from "./metric-table.ts";

/** The parts of the program that each scrape reads. */
export interface Observed {
  readonly index: Pick<MemoryImageIndex, "count" | "ambiguousNames">;
  readonly source: Pick<ImageSource, "watches" | "kinds" | "liveReads">;
  readonly certificates: Pick<CertificateSource, "facts">;
  readonly now: () => Date;
}

type Count = Extract<keyof KindStatus, "relists" | "watchRestarts" | "badLines" | "badObjects">;

const COUNTS: readonly Count[] = ["relists", "watchRestarts", "badLines", "badObjects"];

/** Registers the metrics that each scrape reads from elsewhere: no other part of the program updates them. */
export function observe(registry: Registry, observed: Observed): void {
  observeImages(registry, observed);
  observeState(registry, observed);
  observeLiveReads(registry, observed);
  observeCertificates(registry, observed);
  gauge(registry, METRICS.build, function () {
    this.set({ version: VERSION }, 1);
  });
}

function observeImages(registry: Registry, { index, source }: Observed): void {
  gauge(registry, METRICS.images, function () {
    for (const kind of source.watches) this.set({ kind }, index.count(kind));
  });
  gauge(registry, METRICS.ambiguous, function () {
    for (const kind of source.watches) this.set({ kind }, index.ambiguousNames(kind));
  });
}

function observeState(registry: Registry, { source, now }: Observed): void {
  const startedAt = now();
  const factsOf = (kind: ImageKind): KindStatus | undefined => source.kinds().find((facts) => facts.kind === kind);
  gauge(registry, METRICS.state, function () {
    for (const kind of source.watches) {
      const current: StateName = factsOf(kind)?.state ?? "starting";
      for (const state of Object.keys(STATES)) this.set({ kind, state }, Number(state === current));
    }
  });
  gauge(registry, METRICS.age, function () {
    for (const kind of source.watches) {
      const since = factsOf(kind)?.lastProofAt ?? startedAt;
      // The clock of the machine may be set back.
      this.set({ kind }, Math.max(0, now().getTime() - since.getTime()) / 1_000);
    }
  });
  for (const count of COUNTS) {
    counter(registry, METRICS[count], function () {
      for (const kind of source.watches) this.inc({ kind }, factsOf(kind)?.[count] ?? 0);
    });
  }
}

function observeLiveReads(registry: Registry, { source }: Observed): void {
  const outcomes = Object.keys(LIVE_READ_OUTCOMES) as (keyof typeof LIVE_READ_OUTCOMES)[];
  counter(registry, METRICS.liveReads, function () {
    const counts = source.liveReads?.();
    for (const outcome of outcomes) this.inc({ outcome }, counts?.[outcome] ?? 0);
  });
}

function observeCertificates(registry: Registry, { certificates }: Observed): void {
  const expiries = { certificate: "expiry", ca: "caExpiry" } as const;
  for (const [id, fact] of Object.entries(expiries) as ["certificate" | "ca", "expiry" | "caExpiry"][]) {
    gauge(registry, METRICS[id], function () {
      const expiry = certificates.facts()[fact];
      if (expiry !== undefined) this.set(expiry.getTime() / 1_000);
      else this.remove();
    });
  }
  counter(registry, METRICS.renewals, function () {
    for (const [outcome, count] of Object.entries(certificates.facts().renewals)) this.inc({ outcome }, count);
  });
  counter(registry, METRICS.overwritings, function () {
    this.inc(certificates.facts().overwrites);
  });
}
