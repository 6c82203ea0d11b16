import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import { isNewer } from "../../common/resource-version.ts";
import type { Timing } from "../../common/timing.ts";
import { type Image, IMAGE_KIND_ROWS, type ImageKind } from "../../images/image.ts";
import type { ImageIndexWriter } from "../../images/image-index.ts";
import { ApiError } from "../../kube/api-error.ts";
import { Backoff } from "../../kube/backoff.ts";
import { withDeadline } from "../../kube/deadline.ts";
import type { ApiClient } from "../../kube/api-client.ts";
import { watchDeadline } from "../../kube/watch-limits.ts";
import { openWatch, type WatchEvent } from "../../kube/watch-stream.ts";
import { BookmarkWatchdog } from "./bookmark-watchdog.ts";
import { discover, type Resource, resourcePath } from "./discovery.ts";
import { decodeImageObject, type ImageObject } from "./image-object.ts";
import { type ListOptions, listPages } from "./list-pager.ts";
import { type RecoveryCode, recoveryOf, ReflectorError } from "./recovery.ts";
import { DEFAULT_LIMITS, MAX_BOOKMARK_SILENCE, type ReflectorLimits } from "./reflector-limits.ts";
import { type ReflectorState, ReflectorStatus } from "./reflector-status.ts";

export interface ReflectorOptions {
  readonly kind: ImageKind;
  readonly client: ApiClient;
  readonly index: ImageIndexWriter;
  readonly log: Logger;
  readonly timing: Timing;
  /** Only the images of this namespace; undefined is all namespaces. */
  readonly namespace?: string | undefined;
  /** Ends after the first complete list, or an error that waiting does not change. */
  readonly listOnly?: boolean;
  readonly limits?: ReflectorLimits;
}

/** The next step of a reflector. */
type Step =
  | { readonly is: "discover" }
  | { readonly is: "list"; readonly resource: Resource }
  | { readonly is: "watch"; readonly resource: Resource }
  | { readonly is: "done" };
type WorkingStep = Exclude<Step, { is: "done" }>;

const DISCOVER: Step = { is: "discover" };
const DONE: Step = { is: "done" };

/** A CRD that was installed counts as gone after discovery has missed it this often in a row. */
const ABSENCES_TO_CONFIRM = 3;

/**
 * Keeps the images of one kind in an index current, by list and watch. It is a state machine: `#run` runs one step, and
 * the recovery table says which step follows one that failed. No answer of the API server ends it.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #limits: ReflectorLimits;
  readonly #backoff: Backoff;
  readonly #status: ReflectorStatus;
  readonly #synced = Promise.withResolvers<undefined>();
  /** The newest one that the API server sent. The next watch begins after it. */
  #resourceVersion: string | undefined;
  /** Errors of one code in a row. An error of another code, news, and a watch that lasts reset them. */
  #consecutive: { readonly code?: RecoveryCode; readonly errors: number } = { errors: 0 };
  /** Errors of any code since the last complete list. News and a watch that lasts reset them, too. */
  #errorsSinceList = 0;
  /** Discoveries in a row that did not find the kind. */
  #absences = 0;
  /** Number of watches that were opened. */
  #watches = 0;
  #resource: Resource | undefined;

  constructor(options: ReflectorOptions) {
    const { kind, index, log, timing, limits = DEFAULT_LIMITS } = options;
    this.#options = options;
    this.#limits = limits;
    this.#backoff = new Backoff(timing);
    this.#status = new ReflectorStatus({ kind, log, timing, images: () => index.count(kind) });
  }

  get state(): ReflectorState {
    return this.#status.current;
  }

  /** The resource that serves the kind; undefined if none does. */
  get resource(): Resource | undefined {
    return this.#resource;
  }

  /** Resolves at the first complete set, which is empty for an absent CRD. Never rejects. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  /** Runs until the signal aborts; never rejects. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    let step: Step = DISCOVER;
    while (step.is !== "done" && !signal.aborted) step = await this.#attempt(step, signal);
  }

  async #attempt(step: WorkingStep, signal: AbortSignal): Promise<Step> {
    try {
      return await this.#run(step, signal);
    } catch (error) {
      return signal.aborted ? DONE : this.#recover(step, this.#errorOf(error), signal);
    }
  }

  async #run(step: WorkingStep, signal: AbortSignal): Promise<Step> {
    switch (step.is) {
      case "discover":
        return { is: "list", resource: await this.#discover(signal) };
      case "list":
        await this.#list(step.resource, signal);
        return this.#options.listOnly === true ? DONE : { is: "watch", resource: step.resource };
      case "watch":
        await this.#watch(step.resource, signal);
        return step;
    }
  }

  async #recover(step: WorkingStep, error: ApiError | ReflectorError, signal: AbortSignal): Promise<Step> {
    const code = recoveryCodeOf(step, error);
    const errors = this.#consecutive.code === code ? this.#consecutive.errors + 1 : 1;
    this.#consecutive = { code, errors };
    this.#errorsSinceList++;
    const { state, wait, relistAfter, endsList } = recoveryOf(code, errors, this.#watches > 0);
    this.#status.enter(state, `${this.#describe(step)}: ${error.message}`);
    if (code === "malformed") this.#status.recordBadLine();
    if (code === "absent" && this.#confirmAbsent()) return DONE;
    if (this.#options.listOnly === true && endsList === true) return DONE;
    const retryAfter = error instanceof ApiError ? error.retryAfter : undefined;
    await this.#options.timing.delay(this.#backoff.next(wait, errors, retryAfter), signal);
    return step.is === "watch" && this.#errorsSinceList < relistAfter ? step : DISCOVER;
  }

  async #discover(signal: AbortSignal): Promise<Resource> {
    const { kind, client } = this.#options;
    const deadline = { what: "discovery", milliseconds: this.#limits.pageDeadline, signal };
    const resource = await withDeadline(deadline, (limited) => discover(client, kind, limited));
    this.#absences = 0;
    // The index cannot hold images of both scopes. Live reads use a new scope once its list has replaced the old set.
    if (this.#resource?.namespaced !== !resource.namespaced) this.#resource = resource;
    this.#status.recordDiscovery(resource.version);
    return resource;
  }

  async #list(resource: Resource, signal: AbortSignal): Promise<void> {
    const { kind, client, index } = this.#options;
    const relist = index.relist(kind);
    let resourceVersion: string | undefined;
    for await (const page of listPages(client, this.#listOf(resource), signal)) {
      signal.throwIfAborted();
      resourceVersion ??= page.resourceVersion;
      if (relist.add(this.#usable(page.objects)) === "overflow") throw overflow();
    }
    signal.throwIfAborted();
    if (resourceVersion === undefined) throw new Error("a list has at least one page");
    // A consistent list is never older than an earlier answer, unless etcd was restored from a backup.
    const isRestored = isNewer(this.#resourceVersion ?? "", resourceVersion);
    if (isRestored) relist.replace();
    else relist.commit(resourceVersion);
    this.#resource = resource;
    this.#resourceVersion = resourceVersion;
    this.#errorsSinceList = 0;
    this.#status.recordList(resourceVersion);
    this.#synced.resolve(undefined);
  }

  async #watch(resource: Resource, signal: AbortSignal): Promise<void> {
    const { client, timing } = this.#options;
    const seconds = this.#limits.watchSeconds(timing.random());
    const from = this.#resourceVersion;
    const milliseconds = watchDeadline(seconds, this.#limits.watchGrace);
    await withDeadline({ what: "the watch", milliseconds, signal }, async (limited, end) => {
      const begun = timing.now().getTime();
      const events = await openWatch(client, { path: this.#path(resource), from, seconds }, limited);
      this.#status.recordWatch(this.#watches++ === 0);
      this.#status.enter("live", `${this.#describe({ is: "watch", resource })}: opened`);
      await this.#handleEvents(events, resource, { limited, end });
      const lasted = timing.now().getTime() - begun;
      if (this.#resourceVersion === from && lasted < this.#limits.briefWatch) {
        throw new ReflectorError("briefWatch", `ended after ${lasted} ms without news`);
      }
    });
    this.#resetErrors();
  }

  async #handleEvents(
    events: AsyncIterable<WatchEvent>,
    resource: Resource,
    { limited, end }: { readonly limited: AbortSignal; readonly end: (reason: ApiError) => void },
  ): Promise<void> {
    const { timing } = this.#options;
    const { bookmarkSilence: limit = MAX_BOOKMARK_SILENCE } = this.#limits;
    const expired = (): void => {
      end(new ApiError("connection", `no bookmark and no event came for ${limit / 1_000} s`));
    };
    const watchdog = new BookmarkWatchdog({ limit, timing, expired });
    const stop = (): void => {
      watchdog.stop();
    };
    limited.addEventListener("abort", stop, { once: true });
    try {
      for await (const event of events) {
        limited.throwIfAborted();
        watchdog.lineReceived(event.is === "bookmark");
        this.#handleEvent(event, resource);
      }
    } finally {
      stop();
    }
  }

  #handleEvent(event: WatchEvent, { namespaced }: Resource): void {
    if (event.is === "bookmark") {
      this.#advance(event.resourceVersion, false);
      return;
    }
    const { index, kind } = this.#options;
    const object = decodeImageObject(event.object, { kind, namespaced });
    switch (object.is) {
      case "malformed":
        throw new ApiError("malformed", object.why);
      case "otherScope":
        throw scopeChanged(object.why);
      case "unusable":
        this.#status.recordBadObject(`${object.key.namespace ?? ""}/${object.key.name}: ${object.why}`);
        index.remove(object.key, object.resourceVersion);
        this.#advance(object.resourceVersion, true);
        return;
      case "image": {
        const { image, resourceVersion } = object;
        const applied = event.is === "deleted" ? index.remove(image, resourceVersion) : index.apply(image);
        if (applied === "overflow") throw overflow();
        this.#advance(resourceVersion, true);
      }
    }
  }

  #advance(resourceVersion: string, isEvent: boolean): void {
    if (isNewer(resourceVersion, this.#resourceVersion ?? "")) {
      this.#resourceVersion = resourceVersion;
      this.#resetErrors();
    }
    this.#status.recordEvent(this.#resourceVersion ?? resourceVersion, isEvent);
  }

  *#usable(objects: readonly ImageObject[]): Iterable<Image> {
    for (const object of objects) {
      if (object.is === "image") yield object.image;
      else if (object.is === "otherScope") throw scopeChanged(object.why);
      else this.#status.recordBadObject(object.why);
    }
  }

  /** Empties the index once the absence is confirmed. Returns whether the reflector is done. */
  #confirmAbsent(): boolean {
    const { index, kind, listOnly = false } = this.#options;
    this.#absences++;
    if (this.state.syncedAt !== undefined && this.#absences < ABSENCES_TO_CONFIRM) return false;
    index.relist(kind).replace();
    this.#resourceVersion = undefined;
    this.#resource = undefined;
    this.#status.markEmpty();
    this.#synced.resolve(undefined);
    return listOnly;
  }

  #resetErrors(): void {
    this.#consecutive = { errors: 0 };
    this.#errorsSinceList = 0;
  }

  /** Every other error is a bug. */
  #errorOf(error: unknown): ApiError | ReflectorError {
    if (error instanceof ApiError || error instanceof ReflectorError) return error;
    this.#options.log.error({ err: error, kind: this.#options.kind }, "internal error in list and watch");
    return new ApiError("internal", `internal error: ${messageOf(error)}`, { cause: error });
  }

  /** The request of a step, with the verb and resource of an RBAC rule. */
  #describe(step: WorkingStep): string {
    const { kind, namespace } = this.#options;
    if (step.is === "discover")
      return `get ${IMAGE_KIND_ROWS[kind].groups.map((group) => `/apis/${group}`).join(", ")}`;
    const where = namespace === undefined || !step.resource.namespaced ? "" : ` in namespace ${namespace}`;
    return `${step.is} ${step.resource.plural}.${step.resource.group}${where}`;
  }

  #listOf(resource: Resource): ListOptions {
    const { kind } = this.#options;
    return { kind, namespaced: resource.namespaced, path: this.#path(resource), ...this.#limits };
  }

  #path(resource: Resource): string {
    return resourcePath(resource, this.#options.namespace);
  }
}

function recoveryCodeOf(step: WorkingStep, { code }: ApiError | ReflectorError): RecoveryCode {
  return step.is === "watch" && code === "forbidden" ? "watchForbidden" : code;
}

function scopeChanged(why: string): ReflectorError {
  return new ReflectorError("scopeChanged", `the scope of the kind has changed: ${why}`);
}

function overflow(): ReflectorError {
  return new ReflectorError("overflow", "there are more images than --max-images; the last complete set stays");
}
