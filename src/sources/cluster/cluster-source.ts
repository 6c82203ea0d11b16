import type { Logger } from "pino";
import { Failure } from "../../common/failure.ts";
import { type ReadinessCheck, readinessStatus } from "../../common/readiness.ts";
import type { Timing } from "../../common/timing.ts";
import { IMAGE_KIND_ROWS, type ImageKind, VM_IMAGE_KINDS } from "../../images/image.ts";
import type { ImageIndexWriter, ImageQuery } from "../../images/image-index.ts";
import { Connection } from "../../kube/connection.ts";
import { CurrentCredentials, type ReadCredentials } from "../../kube/credentials.ts";
import type { ImageFilter, ImageSource } from "../image-source.ts";
import type { KindStatus, StateName } from "../kind-status.ts";
import type { LiveReadCounts } from "../live-read-outcomes.ts";
import { type Confirmation, LiveRead } from "./live-read.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";
import type { ReflectorLimits } from "./reflector-limits.ts";
import { readinessOf } from "./reflector-status.ts";

export { ClusterObjects, type ObjectsRead, type WantedKind } from "./cluster-objects.ts";

/** Milliseconds that a command waits for its images: the deadlines of two pages, and as long as a person may wait. */
const READ_DEADLINE = 30_000;

/** States in which the index is as the API server was a moment ago. */
const CURRENT: readonly StateName[] = ["live", "absent"];
/** Before the start nothing can be read. */
const NOT_STARTED: Confirmation = { is: "failed" };

export interface ClusterSourceOptions {
  readonly credentials: ReadCredentials;
  readonly log: Logger;
  /** The kinds to watch. */
  readonly kinds?: readonly ImageKind[];
  readonly timing: Timing;
  readonly limits?: ReflectorLimits;
  /** Milliseconds for `read`. */
  readonly readDeadline?: number;
}

/** The images of a cluster: one reflector for each kind, and live reads, over one connection. */
export class ClusterSource implements ImageSource {
  readonly watches: readonly ImageKind[];
  readonly #options: ClusterSourceOptions;
  readonly #credentials: CurrentCredentials;
  readonly #connection: Connection;
  #reflectors: readonly Reflector[] = [];
  #liveRead: LiveRead | undefined;

  constructor(options: ClusterSourceOptions) {
    const { credentials: read, log, kinds = VM_IMAGE_KINDS, timing } = options;
    this.watches = kinds;
    this.#options = options;
    this.#credentials = new CurrentCredentials({ read, log, timing });
    this.#connection = new Connection({ credentials: this.#credentials });
  }

  async start(to: ImageIndexWriter, signal: AbortSignal): Promise<void> {
    await this.#credentials.check();
    if (signal.aborted) return;
    this.#reflectors = this.watches.map((kind) => this.#reflector(to, { kind }));
    this.#liveRead = new LiveRead({
      client: this.#connection,
      index: to,
      resourceOf: (kind) => this.#reflectors.find(({ state }) => state.kind === kind)?.resource,
      isCurrent: (kind) => this.#isCurrent(kind),
      timing: this.#options.timing,
      signal,
    });
    const running = this.#runAll(signal);
    await Promise.race([running, Promise.all(this.#reflectors.map(({ synced }) => synced))]);
  }

  /** Lists the images of the filter only, and opens no watch. */
  async read(to: ImageIndexWriter, { kinds, namespace }: ImageFilter, signal: AbortSignal): Promise<void> {
    await this.#credentials.check();
    this.#reflectors = kinds.map((kind) =>
      this.#reflector(to, {
        kind,
        namespace: IMAGE_KIND_ROWS[kind].scope === "Namespaced" && namespace !== "" ? namespace : undefined,
        listOnly: true,
      }),
    );
    const { timing, readDeadline = READ_DEADLINE } = this.#options;
    const end = new AbortController();
    const stopTimer = timing.setTimer(readDeadline, () => {
      end.abort();
    });
    try {
      await this.#runAll(AbortSignal.any([signal, end.signal]));
      this.#throwUnlessComplete();
    } finally {
      stopTimer();
    }
  }

  /**
   * After a read that failed, the name stays unknown even if the index is current: a watch of a frozen API server is
   * open, too. A current index decides only if the limits allowed no read.
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

  readiness(): readonly ReadinessCheck[] {
    if (this.#reflectors.length === 0) return [{ name: "cluster", status: "failed", text: "not asked yet" }];
    const kinds = this.#reflectors.map(({ state }) => readinessOf(state));
    const { problem } = this.#credentials;
    return [...kinds, { name: "credentials", status: readinessStatus(true, problem), text: problem ?? "readable" }];
  }

  kinds(): readonly KindStatus[] {
    return this.#reflectors.map(({ state }) => state);
  }

  liveReads(): LiveReadCounts | undefined {
    return this.#liveRead?.counts;
  }

  #isCurrent(kind: ImageKind): boolean {
    return this.#reflectors.some(({ state }) => state.kind === kind && CURRENT.includes(state.state));
  }

  /** Resolves when all reflectors have ended and every connection is closed. */
  async #runAll(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
    this.#connection.close();
  }

  #throwUnlessComplete(): void {
    const missing = this.#reflectors.map(({ state }) => state).filter(({ syncedAt }) => syncedAt === undefined);
    if (missing.length === 0) return;
    const lines = missing.map(({ kind, state, because }) => `cannot read ${kind}s: ${state}: ${because}`);
    const { asked } = this.#credentials;
    throw new Failure("cluster", [...lines, ...(asked === undefined ? [] : [`asked ${asked}`])].join("\n"));
  }

  #reflector(index: ImageIndexWriter, scope: Pick<ReflectorOptions, "kind" | "namespace" | "listOnly">): Reflector {
    const { log, timing, limits } = this.#options;
    const shared = { client: this.#connection, index, log, timing };
    return new Reflector({ ...shared, ...scope, ...(limits === undefined ? {} : { limits }) });
  }
}
