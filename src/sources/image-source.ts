import type { KindState } from "./cluster/kind-status.ts";
import type { LiveReadCounts } from "./cluster/live-read.ts";
import type { ImageKind } from "../images/image.ts";
import type { ImageIndexWriter, ImageQuery } from "../images/image-index.ts";

/** Where images come from: fills an index and keeps it current. */
export interface ImageSource {
  /** The kinds that `start` keeps current. */
  readonly follows: readonly ImageKind[];
  /**
   * Resolves when the index is complete for the first time, or the signal aborts; follows changes until it does.
   * Throws a Failure over what will not mend itself.
   */
  start(to: ImageIndexWriter, signal: AbortSignal): Promise<void>;
  /** The images as they are now, once: at least the wanted ones. Throws a Failure where they cannot be had. */
  read(to: ImageIndexWriter, wanted: WantedImages, signal: AbortSignal): Promise<void>;
  /**
   * Brings into the index what there is for a name that it does not know, within so many milliseconds. False where the
   * index cannot be trusted about that name. Absent where the index has always all there is.
   */
  confirm?(miss: ImageQuery, budget: number): Promise<boolean>;
  /** Of each part that can be well or not. */
  state(): readonly SourceState[];
  /** Of each kind, for metrics; none before the start. */
  kinds(): readonly KindFacts[];
  /** Of `confirm`, since the start; absent where that is. */
  liveReads?(): LiveReadCounts | undefined;
}

/** How the images of one kind are kept current, whatever keeps them. */
export type KindFacts = Pick<
  KindState,
  "kind" | "state" | "lastProofAt" | "relists" | "watchRestarts" | "badLines" | "badObjects"
>;

export interface WantedImages {
  readonly kinds: readonly ImageKind[];
  /** Of the namespaced images only those; undefined is all. */
  readonly namespace?: string | undefined;
}

export interface SourceState {
  readonly name: string;
  /** Complete once; never back to false. */
  readonly synced: boolean;
  /** For people: where from, how many, and what is wrong now. */
  readonly text: string;
}
