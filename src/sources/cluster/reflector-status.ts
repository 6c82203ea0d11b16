import type { Logger } from "pino";
import { type ReadinessCheck, readinessStatus } from "../../common/readiness.ts";
import type { Timing } from "../../common/timing.ts";
import type { ImageKind } from "../../images/image.ts";
import { HEALTHY_STATES, type KindStatus, type StateName } from "../kind-status.ts";

/** How one reflector is doing. Times are of this machine's clock, and undefined until the event first happens. */
export interface ReflectorState extends KindStatus {
  /** The last request to the API server and its result. */
  readonly because: string;
  readonly version: string | undefined;
  /** Of the last event, bookmark or list. */
  readonly resourceVersion: string | undefined;
  /** The first complete list, or the first time that the CRD was found absent. */
  readonly syncedAt: Date | undefined;
  readonly lastEventAt: Date | undefined;
  readonly lastListAt: Date | undefined;
  readonly images: number;
}

/** A change to one of these states is logged as info, and a change to another one as a warning. */
const EXPECTED_STATES: readonly StateName[] = ["live", "resyncing"];

export interface ReflectorStatusOptions {
  readonly kind: ImageKind;
  readonly log: Logger;
  readonly timing: Pick<Timing, "now">;
  /** Number of images of the kind in the index. */
  readonly images: () => number;
}

/** Records how one reflector is doing, for probes, metrics and the log. */
export class ReflectorStatus {
  readonly #options: ReflectorStatusOptions;
  #state: ReflectorState;
  /** Whether a bad object was logged in the current state. */
  #loggedBadObject = false;

  constructor(options: ReflectorStatusOptions) {
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

  get current(): ReflectorState {
    return { ...this.#state, images: this.#options.images() };
  }

  /** Logs a change of the state. The reason alone may change with each attempt, and is not logged. */
  enter(state: StateName, because: string): void {
    const was = this.#state.state;
    this.#state = { ...this.#state, state, because };
    if (state === was) return;
    this.#loggedBadObject = false;
    const fields = { kind: this.#options.kind, state, was, because };
    if (EXPECTED_STATES.includes(state)) this.#options.log.info(fields, "images changed state");
    else this.#options.log.warn(fields, "images changed state");
  }

  recordDiscovery(version: string): void {
    this.#state = { ...this.#state, version };
  }

  recordList(resourceVersion: string): void {
    const now = this.#options.timing.now();
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

  /** The CRD is absent, so there is no image of the kind. */
  markEmpty(): void {
    const now = this.#options.timing.now();
    const { syncedAt = now } = this.#state;
    this.#state = { ...this.#state, syncedAt, lastProofAt: now, resourceVersion: undefined, version: undefined };
  }

  recordWatch(isFirst: boolean): void {
    const watchRestarts = this.#state.watchRestarts + (isFirst ? 0 : 1);
    this.#state = { ...this.#state, watchRestarts, lastProofAt: this.#options.timing.now() };
  }

  /** An event, or a bookmark, with this resourceVersion. */
  recordEvent(resourceVersion: string, isEvent: boolean): void {
    const now = this.#options.timing.now();
    this.#state = { ...this.#state, resourceVersion, lastProofAt: now, ...(isEvent ? { lastEventAt: now } : {}) };
  }

  recordBadLine(): void {
    this.#state = { ...this.#state, badLines: this.#state.badLines + 1 };
  }

  recordBadObject(why: string): void {
    this.#state = { ...this.#state, badObjects: this.#state.badObjects + 1 };
    if (this.#loggedBadObject) return;
    this.#loggedBadObject = true;
    this.#options.log.warn({ kind: this.#options.kind, why }, "an image object is left out");
  }
}

/** A kind whose first list is complete stays `starting` until its first watch is open. */
const UNBROKEN_STATES: readonly StateName[] = ["starting", ...HEALTHY_STATES];

/** Complete once, a kind never fails again: its last complete set answers. */
export function readinessOf(state: ReflectorState): ReadinessCheck {
  const text = describeState(state);
  const problem = UNBROKEN_STATES.includes(state.state) ? undefined : state.because;
  return { name: state.kind, status: readinessStatus(state.syncedAt !== undefined, problem), text };
}

/** Fields that are not in the list of `key=value`. */
const NOT_LISTED: readonly string[] = ["kind", "state", "because"];

/** One line of text: `state: because; key=value ...`. */
function describeState(state: ReflectorState): string {
  const facts: readonly [string, ReflectorState[keyof ReflectorState]][] = Object.entries(state);
  const pairs = facts.filter(([key]) => !NOT_LISTED.includes(key)).map(([key, value]) => `${key}=${textOf(value)}`);
  return `${state.state}: ${state.because}; ${pairs.join(" ")}`;
}

function textOf(value: ReflectorState[keyof ReflectorState]): string {
  if (value === undefined) return "-";
  return value instanceof Date ? value.toISOString() : String(value);
}
