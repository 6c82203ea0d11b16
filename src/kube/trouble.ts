import type { StateName } from "../sources/cluster/kind-status.ts";

/** How long a reflector waits before it goes on; `backoff.ts` says how long each is. */
export type Wait = "spread" | "backoff" | "forbidden" | "absent" | "degraded" | "overflow";

interface TroubleRow {
  /** What the kind is called until the next watch opens. */
  readonly state: StateName;
  readonly wait: Wait;
  /** After so many troubles in a row the next step is a list; before that the watch goes on where it was. */
  readonly relistAfter: number;
  /** So many in a row, where a watch has been open before, are taken as `server` before this row is believed. */
  readonly doubtedFor?: number;
}

/** A lost connection says nothing about what was missed; five in a row may be a server that lost its history. */
const RELIST_AFTER_FAILURES = 5;
/** A resourceVersion ahead of one API server is usually known to it a second later; three times it never will be. */
const RELIST_AFTER_TOO_NEW = 3;
/** The same line again is what the server has; a list goes around it. */
const RELIST_AFTER_BAD_LINES = 3;

/** A kube-apiserver that has just started refuses everybody until it has read its RBAC rules; five backoffs are 12 s. */
const DOUBTED_REFUSALS = 5;

/** The table of what can go wrong with list and watch, and what is done about it. */
export const TROUBLES = {
  /** No connection, a broken or a silent one, a deadline. */
  connection: { state: "stale", wait: "backoff", relistAfter: RELIST_AFTER_FAILURES },
  /** 408, 5xx and what else no row names. */
  server: { state: "stale", wait: "backoff", relistAfter: RELIST_AFTER_FAILURES },
  /** 429: a list would be one burden more. */
  busy: { state: "stale", wait: "backoff", relistAfter: Infinity },
  /** 410, while watching or between two pages: all replicas get it at the same time. */
  expired: { state: "resyncing", wait: "spread", relistAfter: 1 },
  /** 504 "Too large resource version": this API server is behind the one that we watched before. */
  tooNew: { state: "stale", wait: "backoff", relistAfter: RELIST_AFTER_TOO_NEW },
  /** A watch that ended at once and had nothing to say. */
  brief: { state: "stale", wait: "backoff", relistAfter: RELIST_AFTER_FAILURES },
  /** A line or page that is not what the API server writes. */
  malformed: { state: "stale", wait: "backoff", relistAfter: RELIST_AFTER_BAD_LINES },
  /** 401, with credentials read a moment ago. */
  unauthorized: { state: "auth", wait: "backoff", relistAfter: Infinity },
  /** Token, CA or client certificate were never readable. */
  credentials: { state: "auth", wait: "backoff", relistAfter: Infinity },
  /** 403 of a list, or of discovery. */
  forbidden: { state: "forbidden", wait: "forbidden", relistAfter: Infinity, doubtedFor: DOUBTED_REFUSALS },
  /** 403 of a watch where the list is allowed: lists alone keep the index current, more slowly. */
  watchForbidden: { state: "degraded", wait: "degraded", relistAfter: 1, doubtedFor: DOUBTED_REFUSALS },
  /** 404 of a list or watch: the version is served no more; the list asks discovery first. */
  gone: { state: "stale", wait: "backoff", relistAfter: 1 },
  /** 409 of a write: somebody else was first. A list or watch never has it. */
  conflict: { state: "stale", wait: "backoff", relistAfter: 1 },
  /** Discovery has no such kind: the CRD is not installed. */
  absent: { state: "absent", wait: "absent", relistAfter: 1 },
  /** More images than `--max-images`. */
  overflow: { state: "overflow", wait: "overflow", relistAfter: 1 },
  /** A bug of ours. */
  internal: { state: "stale", wait: "backoff", relistAfter: 1 },
} as const satisfies Readonly<Record<string, TroubleRow>>;

export type TroubleCode = keyof typeof TROUBLES;

/** The row that holds for the nth trouble of one code in a row. */
export function rowOf(code: TroubleCode, inARow: number, hasWatched: boolean): TroubleRow {
  const row: TroubleRow = TROUBLES[code];
  return hasWatched && inARow <= (row.doubtedFor ?? 0) ? TROUBLES.server : row;
}

interface TroubleOptions extends ErrorOptions {
  /** Milliseconds that the server asks to be left alone for. */
  readonly retryAfter?: number | undefined;
}

/** What keeps list and watch from going on as they were. */
export class Trouble extends Error {
  readonly code: TroubleCode;
  readonly retryAfter: number | undefined;

  constructor(code: TroubleCode, message: string, { retryAfter, ...options }: TroubleOptions = {}) {
    super(message, options);
    this.name = "Trouble";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
