import type { ReadinessCheck } from "../common/readiness.ts";
import type { ImageKind } from "../images/image.ts";
import type { ImageIndexWriter, ImageQuery } from "../images/image-index.ts";
import type { KindStatus } from "./kind-status.ts";
import type { LiveReadCounts } from "./live-read-outcomes.ts";

/** Fills an index with images and keeps it current. */
export interface ImageSource {
  /** The kinds that `start` keeps current. */
  readonly watches: readonly ImageKind[];
  /**
   * Resolves when the index is complete for the first time, or when the signal aborts. Keeps the index current until
   * the signal aborts. Throws a Failure for an error that does not resolve itself.
   */
  start(to: ImageIndexWriter, signal: AbortSignal): Promise<void>;
  /** Reads the images once: at least those of the filter. Throws a Failure if they cannot be read. */
  read(to: ImageIndexWriter, filter: ImageFilter, signal: AbortSignal): Promise<void>;
  /**
   * Looks up a name that the index does not have, within a budget of milliseconds, and adds what it finds to the index.
   * Resolves to false if the index may still lack the image. A source without this method has a complete index at all
   * times.
   */
  confirm?(miss: ImageQuery, budget: number): Promise<boolean>;
  /** One check for each part that can fail by itself. A part that was complete once never fails again. */
  readiness(): readonly ReadinessCheck[];
  /** The status of each kind, for metrics; empty before the start. */
  kinds(): readonly KindStatus[];
  /** Counts of the reads by `confirm`; absent if `confirm` is. */
  liveReads?(): LiveReadCounts | undefined;
}

/** The images that a command needs. */
export interface ImageFilter {
  readonly kinds: readonly ImageKind[];
  /** Only this namespace's images of the namespaced kinds; undefined is all namespaces. */
  readonly namespace?: string | undefined;
}
