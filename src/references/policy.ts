import type { ResolutionMode } from "../images/resolve.ts";

/** What a failed check does: refuse the object, warn the client, or nothing. */
export const LEVELS = ["deny", "warn", "off"] as const;
export type Level = (typeof LEVELS)[number];

/** A level for each check, by its ID; a check that is not in it has the level of its row. */
export type Levels = Readonly<Record<string, Level>>;

/** The operator's choices that every image system reads: the flags `--resolution` and `--check`. */
export interface Policy {
  readonly resolution: ResolutionMode;
  readonly levels: Levels;
}
