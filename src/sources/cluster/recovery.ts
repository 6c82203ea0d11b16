import type { ApiErrorCode } from "../../kube/api-error.ts";
import { SPREAD, UNTIL_GRANTED, type Wait, type WaitRange } from "../../kube/backoff.ts";
import type { StateName } from "../kind-status.ts";

/** Errors of list and watch that the API client does not know. */
export type ReflectorErrorCode =
  /** A watch that ended at once and sent no news. */
  | "briefWatch"
  /** 403 of a watch. */
  | "watchForbidden"
  /** The kind is now served with another scope than at the last discovery. */
  | "scopeChanged"
  /** Discovery has no such kind: the CRD is not installed. */
  | "absent"
  /** More images than the index takes. */
  | "overflow";

/** An error of list and watch that is no failed request. */
export class ReflectorError extends Error {
  readonly code: ReflectorErrorCode;

  constructor(code: ReflectorErrorCode, message: string) {
    super(message);
    this.name = "ReflectorError";
    this.code = code;
  }
}

export type RecoveryCode = ApiErrorCode | ReflectorErrorCode;

interface Recovery {
  /** The state of the kind until the next watch opens. */
  readonly state: StateName;
  readonly wait: Wait;
  /**
   * After this many errors since the last list the next step is a list. Before that, the watch resumes where it ended.
   */
  readonly relistAfter: number;
  /** After the first watch, this many errors in a row are handled as `server` before this row applies. */
  readonly toleratedFailures?: number;
  /** Waiting does not change it, so a command that only lists fails at once. */
  readonly endsList?: true;
}

const SECOND = 1_000;

/** A person installs the CRD. */
const UNTIL_INSTALLED: WaitRange = { min: 15 * SECOND, max: 30 * SECOND };
/** A list costs the API server more than a watch. Half a minute is how old the index may become. */
const BETWEEN_LISTS: WaitRange = { min: 30 * SECOND, max: 30 * SECOND };
/** A person raises the limit or deletes images. */
const UNTIL_ROOM: WaitRange = { min: 30 * SECOND, max: 60 * SECOND };

/** A lost connection does not say what was missed. Five in a row may be a server that lost its history. */
const RELIST_AFTER_FAILURES = 5;
/** An API server that is behind usually catches up within a second. After three errors it may never do so. */
const RELIST_AFTER_TOO_LARGE = 3;
/** The server sends the same bad line to each new watch. A list avoids it. */
const RELIST_AFTER_BAD_LINES = 3;

/**
 * A kube-apiserver that has just started refuses every request until it has read its RBAC rules. Five backoffs are 12
 * s.
 */
const TOLERATED_REFUSALS = 5;

/** The recovery table: what a reflector does about each error. */
export const RECOVERY = {
  connection: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_FAILURES },
  unreachable: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_FAILURES, endsList: true },
  server: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_FAILURES },
  rejected: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_FAILURES, endsList: true },
  /** A list would be another burden on the server. */
  tooManyRequests: { state: "stale", wait: "exponential", relistAfter: Infinity },
  /** All replicas get it at the same moment. */
  expired: { state: "resyncing", wait: SPREAD, relistAfter: 1 },
  tooLargeResourceVersion: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_TOO_LARGE },
  malformed: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_BAD_LINES },
  unauthorized: { state: "auth", wait: "exponential", relistAfter: Infinity, endsList: true },
  credentials: { state: "auth", wait: "exponential", relistAfter: Infinity, endsList: true },
  /** 403 of a list, or of discovery. */
  forbidden: {
    state: "forbidden",
    wait: UNTIL_GRANTED,
    relistAfter: Infinity,
    toleratedFailures: TOLERATED_REFUSALS,
    endsList: true,
  },
  /** The list is allowed: lists alone keep the index current, but more slowly. */
  watchForbidden: { state: "degraded", wait: BETWEEN_LISTS, relistAfter: 1, toleratedFailures: TOLERATED_REFUSALS },
  /** The version is no longer served. Discovery comes before the list. */
  notFound: { state: "stale", wait: "exponential", relistAfter: 1 },
  scopeChanged: { state: "stale", wait: "exponential", relistAfter: 1 },
  /** A list or watch never has it. */
  conflict: { state: "stale", wait: "exponential", relistAfter: 1 },
  briefWatch: { state: "stale", wait: "exponential", relistAfter: RELIST_AFTER_FAILURES },
  absent: { state: "absent", wait: UNTIL_INSTALLED, relistAfter: 1 },
  overflow: { state: "overflow", wait: UNTIL_ROOM, relistAfter: 1, endsList: true },
  internal: { state: "stale", wait: "exponential", relistAfter: 1 },
} as const satisfies Readonly<Record<RecoveryCode, Recovery>>;

/** The row for the nth error of one code in a row. */
export function recoveryOf(code: RecoveryCode, consecutive: number, hasWatched: boolean): Recovery {
  const row: Recovery = RECOVERY[code];
  return hasWatched && consecutive <= (row.toleratedFailures ?? 0) ? RECOVERY.server : row;
}
