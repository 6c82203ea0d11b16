import type { ImageKind } from "../images/image.ts";

/** The states of one kind of image. */
export const STATES = {
  starting: "nothing is known yet",
  live: "a watch is open",
  resyncing: "the old set answers while a new list is made",
  stale: "the API server does not answer as it should",
  auth: "the API server does not accept the credentials, or they cannot be read",
  forbidden: "the rights to list are missing",
  degraded: "the right to watch is missing: lists only",
  absent: "the CRD is not installed",
  overflow: "there are more images than --max-images",
} as const;
export type StateName = keyof typeof STATES;

/** States in which there is nothing to mend. */
export const HEALTHY_STATES: readonly StateName[] = ["live", "resyncing", "absent"];

/** State and counts of one kind of image. Every source has them. */
export interface KindStatus {
  readonly kind: ImageKind;
  readonly state: StateName;
  /** When the index was last known to equal the source. An open connection alone is no proof. */
  readonly lastProofAt: Date | undefined;
  /** Complete lists after the first. */
  readonly relists: number;
  /** Watches after the first. */
  readonly watchRestarts: number;
  /** Lines and pages that no API server writes. */
  readonly badLines: number;
  /** Objects that were left out because they are not usable as images. */
  readonly badObjects: number;
}
