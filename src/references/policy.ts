import type { ResolutionMode } from "../images/resolve.ts";

export const CHECK_IDS = [
  "exists",
  "kind",
  "agree",
  "required",
  "immutable",
  "conversion",
  "ready",
  "terminating",
  "capabilities",
  "cdrom-duplicate",
  "cdrom-type",
  "cdrom-powered-on",
  "cdrom-guest-id",
  "firmware",
  "boot-type",
  "publish-collision",
  "access",
  "osimage-source",
  "osimage-checksum",
  "osimage-empty-checksum",
  "osimage-property",
  "osimage-display-name",
  "osimage-owner",
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

/** Where the image goes that a `spec.imageName` resolved to. */
export const WRITE_MODES = ["both", "imageName", "image"] as const;
export type WriteMode = (typeof WRITE_MODES)[number];

/** What a failed check does: refuse the object, warn the person, nothing. */
export const LEVELS = ["deny", "warn", "off"] as const;
export type Level = (typeof LEVELS)[number];

/** What the operator chose: the flags `--resolution`, `--write`, `--check` and `--team-group-prefix`. */
export interface Policy {
  readonly resolution: ResolutionMode;
  readonly write: WriteMode;
  readonly levels: Readonly<Record<CheckId, Level>>;
  /** A caller is of team T of vCluster Platform where a group of theirs is this and T. */
  readonly teamGroupPrefix: string;
}

/** A level for each check. */
export type Levels = Policy["levels"];

export function levelsBy<T extends { readonly id: CheckId }>(checks: readonly T[], level: (check: T) => Level): Levels {
  return Object.fromEntries(checks.map((check) => [check.id, level(check)])) as Levels;
}

export const ALL_CHECKS_OFF: Levels = levelsBy(
  CHECK_IDS.map((id) => ({ id })),
  () => "off",
);
