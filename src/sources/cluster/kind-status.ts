import type { Logger } from "pino";
import type { ImageKind } from "../../images/image.ts";

/** How the images of one kind are kept current, and whether they are. */
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

/** Times are of this machine's clock; undefined until it first happens. */
export interface KindState {
  readonly kind: ImageKind;
  readonly state: StateName;
  /** What was asked of the API server and what it answered. */
  readonly because: string;
  readonly version: string | undefined;
  /** Of the last event, bookmark or list. */
  readonly resourceVersion: string | undefined;
  /** First complete list, or first time that the CRD was found absent. */
  readonly syncedAt: Date | undefined;
  /** When the index was last known to be what the API server has. That a connection is open proves nothing. */
  readonly lastProofAt: Date | undefined;
  readonly lastEventAt: Date | undefined;
  readonly lastListAt: Date | undefined;
  /** Complete lists after the first. */
  readonly relists: number;
  /** Watches after the first. */
  readonly watchRestarts: number;
  /** Lines and pages that are not what an API server writes. */
  readonly badLines: number;
  /** Objects that are left out because they are no usable image. */
  readonly badObjects: number;
  readonly images: number;
}

/** Well is not worth a warning. */
const GOOD_STATES: readonly StateName[] = ["live", "resyncing"];

export interface KindRecordOptions {
  readonly kind: ImageKind;
  readonly log: Logger;
  readonly now: () => Date;
  /** How many images of the kind the index has. */
  readonly images: () => number;
}

/** The state of one kind: one reflector writes it, probes and people read it. */
export class KindRecord {
  readonly #options: KindRecordOptions;
  #state: KindState;
  /** In this state a bad object has been logged. */
  #loggedBadObject = false;

  constructor(options: KindRecordOptions) {
    this.#options = options;
    this.#state = {
      kind: options.kind,
      state: "starting",
      because: "not asked for yet",
      version: undefined,
      resourceVersion: undefined,
      syncedAt: undefined,
      lastProofAt: undefined,
      lastEventAt: undefined,
      lastListAt: undefined,
      relists: 0,
      watchRestarts: 0,
      badLines: 0,
      badObjects: 0,
      images: 0,
    };
  }

  get current(): KindState {
    return { ...this.#state, images: this.#options.images() };
  }

  /** Logs where the state is another one; the reason alone may change with every attempt. */
  enter(state: StateName, because: string): void {
    const was = this.#state.state;
    this.#state = { ...this.#state, state, because };
    if (state === was) return;
    this.#loggedBadObject = false;
    const fields = { kind: this.#options.kind, state, was, because };
    if (GOOD_STATES.includes(state)) this.#options.log.info(fields, "images changed state");
    else this.#options.log.warn(fields, "images changed state");
  }

  discovered(version: string): void {
    this.#state = { ...this.#state, version };
  }

  listed(resourceVersion: string): void {
    const now = this.#options.now();
    const { syncedAt = now, lastListAt, relists } = this.#state;
    this.#state = {
      ...this.#state,
      resourceVersion,
      syncedAt,
      lastListAt: now,
      lastProofAt: now,
      relists: lastListAt === undefined ? 0 : relists + 1,
    };
  }

  /** No image of the kind can be there. */
  emptied(): void {
    const now = this.#options.now();
    const { syncedAt = now } = this.#state;
    this.#state = { ...this.#state, syncedAt, lastProofAt: now, resourceVersion: undefined, version: undefined };
  }

  watching(isFirst: boolean): void {
    const watchRestarts = this.#state.watchRestarts + (isFirst ? 0 : 1);
    this.#state = { ...this.#state, watchRestarts, lastProofAt: this.#options.now() };
  }

  told(resourceVersion: string, isEvent: boolean): void {
    const now = this.#options.now();
    this.#state = { ...this.#state, resourceVersion, lastProofAt: now, ...(isEvent ? { lastEventAt: now } : {}) };
  }

  badLine(): void {
    this.#state = { ...this.#state, badLines: this.#state.badLines + 1 };
  }

  badObject(why: string): void {
    this.#state = { ...this.#state, badObjects: this.#state.badObjects + 1 };
    if (this.#loggedBadObject) return;
    this.#loggedBadObject = true;
    this.#options.log.warn({ kind: this.#options.kind, why }, "an image object is left out");
  }
}

const IN_WORDS: readonly string[] = ["kind", "state", "because"];

/** One line for people and programs: `state: because; key=value ...`. */
export function describeState(state: KindState): string {
  const facts: readonly [string, KindState[keyof KindState]][] = Object.entries(state);
  const pairs = facts.filter(([key]) => !IN_WORDS.includes(key)).map(([key, value]) => `${key}=${textOf(value)}`);
  return `${state.state}: ${state.because}; ${pairs.join(" ")}`;
}

function textOf(value: KindState[keyof KindState]): string {
  if (value === undefined) return "-";
  return value instanceof Date ? value.toISOString() : String(value);
}
