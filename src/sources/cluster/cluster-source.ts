import type { Logger } from "pino";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../common/failure.ts";
import { IMAGE_KIND_ROWS, type ImageKind, VM_IMAGE_KINDS } from "../../images/image.ts";
import type { ImageIndexWriter, ImageQuery } from "../../images/image-index.ts";
import type { Timing } from "../../kube/backoff.ts";
import { Connection } from "../../kube/connection.ts";
import { CurrentCredentials, type ReadCredentials } from "../../kube/credentials.ts";
import { describeState, type StateName } from "./kind-status.ts";
import { type Confirmation, LiveRead, type LiveReadCounts } from "./live-read.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";
import type { ReflectorLimits } from "./reflector-limits.ts";
import type { ImageSource, KindFacts, SourceState, WantedImages } from "../image-source.ts";

/** Milliseconds that a command waits for its images: two deadlines of a page, as long as a person may wait. */
export const READ_DEADLINE = 30_000;

/** What no waiting mends: a command says so at once. */
const HOPELESS: readonly StateName[] = ["forbidden", "overflow"];
/** The index is as the API server was a moment ago. */
const CURRENT: readonly StateName[] = ["live", "absent"];
/** Before the start nothing can be read. */
const NOT_STARTED: Confirmation = { is: "failed" };
/** Milliseconds between two looks at whether a command can still hope. */
const LOOK_INTERVAL = 50;

/** The machine's clock and chance. */
export const TIMING: Timing = {
  now: () => new Date(),
  random: () => Math.random(),
  delay: (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => undefined),
};

export interface ClusterOptions {
  readonly credentials: ReadCredentials;
  readonly log: Logger;
  /** The kinds to follow. */
  readonly kinds?: readonly ImageKind[];
  readonly timing?: Timing;
  readonly limits?: ReflectorLimits;
  /** Milliseconds. */
  readonly readDeadline?: number;
}

/** The images of a cluster: one list and watch for each kind, over one connection. */
export class ClusterSource implements ImageSource {
  readonly follows: readonly ImageKind[];
  readonly #options: ClusterOptions;
  readonly #timing: Timing;
  readonly #credentials: CurrentCredentials;
  readonly #connection: Connection;
  #reflectors: readonly Reflector[] = [];
  #liveRead: LiveRead | undefined;

  constructor(options: ClusterOptions) {
    const { credentials: read, log, kinds = VM_IMAGE_KINDS, timing = TIMING } = options;
    this.follows = kinds;
    this.#options = options;
    this.#timing = timing;
    this.#credentials = new CurrentCredentials({ read, log, now: timing.now });
    this.#connection = new Connection({ credentials: this.#credentials });
  }

  async start(to: ImageIndexWriter, signal: AbortSignal): Promise<void> {
    await this.#credentials.check();
    if (signal.aborted) return;
    this.#reflectors = this.follows.map((kind) => this.#reflector(to, { kind }));
    this.#liveRead = new LiveRead({
      client: this.#connection,
      index: to,
      resourceOf: (kind) => this.#reflectors.find(({ state }) => state.kind === kind)?.resource,
      isCurrent: (kind) => this.#isCurrent(kind),
      now: () => performance.now(),
      delay: (milliseconds) => this.#timing.delay(milliseconds, signal),
    });
    const running = this.#runAll(signal);
    await Promise.race([running, Promise.all(this.#reflectors.map(({ synced }) => synced))]);
  }

  /** Lists only: what is not wanted is not asked for, and no watch is opened. */
  async read(to: ImageIndexWriter, { kinds, namespace }: WantedImages, signal: AbortSignal): Promise<void> {
    await this.#credentials.check();
    this.#reflectors = kinds.map((kind) =>
      this.#reflector(to, {
        kind,
        namespace: IMAGE_KIND_ROWS[kind].scope === "Namespaced" ? namespace : undefined,
        follow: false,
      }),
    );
    const end = new AbortController();
    const running = this.#runAll(AbortSignal.any([signal, end.signal]));
    try {
      await Promise.race([running, this.#untilHopeless(end.signal)]);
      this.#throwUnlessComplete();
    } finally {
      end.abort();
      await running;
    }
  }

  /**
   * A read that failed leaves the name unknown, even where the index is current: a watch of a frozen API server is open,
   * too. Only where no read was left, a current index decides.
   */
  async confirm(miss: ImageQuery, budget: number): Promise<boolean> {
    const confirmation = (await this.#liveRead?.confirm(miss, budget)) ?? NOT_STARTED;
    switch (confirmation.is) {
      case "read":
        return true;
      case "failed":
        return false;
      case "refused":
        return confirmation.kinds.every((kind) => this.#isCurrent(kind));
    }
  }

  state(): readonly SourceState[] {
    const kinds = this.#reflectors.map(({ state }) => ({
      name: state.kind,
      synced: state.syncedAt !== undefined,
      text: describeState(state),
    }));
    const { problem } = this.#credentials;
    const credentials = { name: "credentials", synced: true, text: problem ?? "readable" };
    return kinds.length === 0 ? [{ name: "cluster", synced: false, text: "not asked yet" }] : [...kinds, credentials];
  }

  kinds(): readonly KindFacts[] {
    return this.#reflectors.map(({ state }) => state);
  }

  liveReads(): LiveReadCounts | undefined {
    return this.#liveRead?.counts;
  }

  #isCurrent(kind: ImageKind): boolean {
    return this.#reflectors.some(({ state }) => state.kind === kind && CURRENT.includes(state.state));
  }

  /** Resolves when all have ended and no connection is left. */
  async #runAll(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
    this.#connection.close();
  }

  /** Until the deadline, or until no answer can be hoped for. */
  async #untilHopeless(signal: AbortSignal): Promise<void> {
    const { readDeadline = READ_DEADLINE } = this.#options;
    const begun = performance.now();
    while (!signal.aborted && performance.now() - begun < readDeadline) {
      const states = this.#reflectors.map(({ state }) => state.state);
      // A kind that has no answer yet may still be listed.
      if (states.some((state) => HOPELESS.includes(state)) && !states.includes("starting")) return;
      await TIMING.delay(LOOK_INTERVAL, signal);
    }
  }

  #throwUnlessComplete(): void {
    const missing = this.#reflectors.map(({ state }) => state).filter(({ syncedAt }) => syncedAt === undefined);
    if (missing.length === 0) return;
    const lines = missing.map(({ kind, state, because }) => `cannot read ${kind}s: ${state}: ${because}`);
    throw new Failure("cluster", lines.join("\n"));
  }

  #reflector(index: ImageIndexWriter, facts: Pick<ReflectorOptions, "kind" | "namespace" | "follow">): Reflector {
    const { log, limits } = this.#options;
    const shared = { client: this.#connection, index, log, timing: this.#timing };
    return new Reflector({ ...shared, ...facts, ...(limits === undefined ? {} : { limits }) });
  }
}
