import type { ImageIndexWriter } from "../images/image-index.ts";

/** Where images come from: fills an index and keeps it current. */
export interface ImageSource {
  /** Resolves when the index is complete for the first time; follows changes until the signal aborts. */
  start(to: ImageIndexWriter, signal: AbortSignal): Promise<void>;
  state(): SourceState;
}

export interface SourceState {
  readonly synced: boolean;
  /** For people: where from, how many, and what is wrong now. */
  readonly text: string;
}
