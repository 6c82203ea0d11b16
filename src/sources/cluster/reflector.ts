import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import { type Image, IMAGE_KIND_ROWS, type ImageKind } from "../../images/image.ts";
import type { ImageIndexWriter } from "../../images/image-index.ts";
import { isNewer } from "../../common/resource-version.ts";
import { Backoff, type Timing } from "../../kube/backoff.ts";
import { within } from "../../kube/deadline.ts";
import { discover, type Resource, resourcePath } from "./discovery.ts";
import { imageObject, type ImageObject } from "./image-object.ts";
import { KindRecord, type KindState } from "./kind-status.ts";
import { type ListOptions, listPages } from "./list-pager.ts";
import { DEFAULT_LIMITS, MAX_BOOKMARK_SILENCE, type ReflectorLimits } from "./reflector-limits.ts";
import type { ApiClient } from "../../kube/response.ts";
import { setSystemTimer, type SetTimer, Silence } from "./silence.ts";
import { rowOf, Trouble, type TroubleCode } from "../../kube/trouble.ts";
import { openWatch, type WatchEvent } from "../../kube/watch-stream.ts";

export interface ReflectorOptions {
  readonly kind: ImageKind;
  readonly client: ApiClient;
  readonly index: ImageIndexWriter;
  readonly log: Logger;
  readonly timing: Timing;
  /** Only the images of this namespace; undefined is all. */
  readonly namespace?: string | undefined;
  /** False ends after the first complete list. */
  readonly follow?: boolean;
  readonly limits?: ReflectorLimits;
  /** For the silence of a watch; a test moves its time. */
  readonly setTimer?: SetTimer;
}

/** What a reflector does next. */
type Step =
  | { readonly is: "discover" }
  | { readonly is: "list"; readonly resource: Resource }
  | { readonly is: "watch"; readonly resource: Resource }
  | { readonly is: "done" };
type WorkingStep = Exclude<Step, { is: "done" }>;

const DISCOVER: Step = { is: "discover" };
const DONE: Step = { is: "done" };

/** A CRD that was there is believed gone when discovery has said so this often in a row. */
const ABSENCES_TO_EMPTY = 3;

/**
 * Keeps the images of one kind in an index current, by list and watch. A state machine: `#take` does one step, the
 * table of troubles says what follows one that fails. Nothing that the API server sends ends it.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #limits: ReflectorLimits;
  readonly #backoff: Backoff;
  readonly #record: KindRecord;
  readonly #synced = Promise.withResolvers<undefined>();
  /** The last one that the API server gave us; where a watch goes on. */
  #resourceVersion: string | undefined;
  /** Troubles of one code in a row: another trouble, news and a watch that lasts end it. */
  #inARow: { readonly code?: TroubleCode; readonly times: number } = { times: 0 };
  /** Troubles of any code since the last complete list; news and a watch that lasts end them, too. */
  #troublesSinceList = 0;
  /** In a row. */
  #absences = 0;
  #watches = 0;
  #resource: Resource | undefined;

  constructor(options: ReflectorOptions) {
    const { kind, index, log, timing, limits = DEFAULT_LIMITS } = options;
    this.#options = options;
    this.#limits = limits;
    this.#backoff = new Backoff(timing);
    this.#record = new KindRecord({ kind, log, now: timing.now, images: () => index.count(kind) });
  }

  get state(): KindState {
    return this.#record.current;
  }

  /** Where the kind is served; undefined where it is not. */
  get resource(): Resource | undefined {
    return this.#resource;
  }

  /** Resolves at the first complete set, the empty one of an absent CRD included; never rejects. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  /** Runs until the signal aborts; never rejects. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    let step: Step = DISCOVER;
    while (step.is !== "done" && !signal.aborted) step = await this.#attempt(step, signal);
  }

  async #attempt(step: WorkingStep, signal: AbortSignal): Promise<Step> {
    try {
      return await this.#take(step, signal);
    } catch (error) {
      return signal.aborted ? DONE : this.#recover(step, this.#troubleOf(step, error), signal);
    }
  }

  async #take(step: WorkingStep, signal: AbortSignal): Promise<Step> {
    switch (step.is) {
      case "discover":
        return { is: "list", resource: await this.#discover(signal) };
      case "list":
        await this.#list(step.resource, signal);
        return this.#options.follow === false ? DONE : { is: "watch", resource: step.resource };
      case "watch":
        await this.#watch(step.resource, signal);
        return step;
    }
  }

  async #recover(step: WorkingStep, trouble: Trouble, signal: AbortSignal): Promise<Step> {
    this.#inARow = { code: trouble.code, times: this.#inARow.code === trouble.code ? this.#inARow.times + 1 : 1 };
    this.#troublesSinceList++;
    const { times } = this.#inARow;
    const { state, wait, relistAfter } = rowOf(trouble.code, times, this.#watches > 0);
    this.#record.enter(state, `${this.#asked(step)}: ${trouble.message}`);
    if (trouble.code === "malformed") this.#record.badLine();
    if (trouble.code === "absent" && this.#believeAbsence()) return DONE;
    await this.#options.timing.delay(this.#backoff.next(wait, times, trouble.retryAfter), signal);
    return step.is === "watch" && this.#troublesSinceList < relistAfter ? step : DISCOVER;
  }

  async #discover(signal: AbortSignal): Promise<Resource> {
    const { kind, client } = this.#options;
    const deadline = { what: "discovery", milliseconds: this.#limits.pageDeadline, signal };
    const resource = await within(deadline, (cut) => discover(client, kind, cut));
    this.#absences = 0;
    // Images of the other scope are not found beside the old set: live reads wait for the list that replaces it.
    if (this.#resource?.namespaced !== !resource.namespaced) this.#resource = resource;
    this.#record.discovered(resource.version);
    return resource;
  }

  async #list(resource: Resource, signal: AbortSignal): Promise<void> {
    const { kind, client, index } = this.#options;
    const relist = index.relist(kind);
    let resourceVersion = "";
    for await (const page of listPages(client, this.#listOf(resource), signal)) {
      signal.throwIfAborted();
      resourceVersion ||= page.resourceVersion;
      if (relist.add(this.#usable(page.objects)) === "overflow") throw overflow();
    }
    signal.throwIfAborted();
    // A consistent list from before what we saw is of an etcd that was restored from a backup.
    const isRestored = isNewer(this.#resourceVersion ?? "", resourceVersion);
    if (isRestored) relist.replace();
    else relist.commit(resourceVersion);
    this.#resource = resource;
    this.#resourceVersion = resourceVersion;
    this.#troublesSinceList = 0;
    this.#record.listed(resourceVersion);
    this.#synced.resolve(undefined);
  }

  async #watch(resource: Resource, signal: AbortSignal): Promise<void> {
    const { client, timing } = this.#options;
    const seconds = this.#limits.watchSeconds(timing.random());
    const from = this.#resourceVersion ?? "";
    const milliseconds = seconds * 1_000 + this.#limits.watchGrace;
    await within({ what: "the watch", milliseconds, signal }, async (cut, end) => {
      const begun = timing.now().getTime();
      const events = await openWatch(client, { path: this.#path(resource), from, seconds }, cut);
      this.#record.watching(this.#watches++ === 0);
      this.#record.enter("live", `${this.#asked({ is: "watch", resource })}: opened`);
      await this.#hearAll(events, resource, { cut, end });
      const lasted = timing.now().getTime() - begun;
      if (this.#resourceVersion === from && lasted < this.#limits.briefWatch) {
        throw new Trouble("brief", `ended after ${lasted} ms without news`);
      }
    });
    this.#forgetTroubles();
  }

  async #hearAll(
    events: AsyncIterable<WatchEvent>,
    resource: Resource,
    { cut, end }: { readonly cut: AbortSignal; readonly end: (reason: Trouble) => void },
  ): Promise<void> {
    const { setTimer = setSystemTimer } = this.#options;
    const { bookmarkSilence: limit = MAX_BOOKMARK_SILENCE } = this.#limits;
    const ring = (): void => {
      end(new Trouble("connection", `no bookmark and no event came for ${limit / 1_000} s`));
    };
    const silence = new Silence({ limit, setTimer, ring });
    const stop = (): void => {
      silence.stop();
    };
    cut.addEventListener("abort", stop, { once: true });
    try {
      for await (const event of events) {
        cut.throwIfAborted();
        silence.heard(event.is === "bookmark");
        this.#hear(event, resource);
      }
    } finally {
      stop();
    }
  }

  #hear(event: WatchEvent, { namespaced }: Resource): void {
    if (event.is === "bookmark") {
      this.#advance(event.resourceVersion, false);
      return;
    }
    const { index, kind } = this.#options;
    const object = imageObject(event.object, { kind, namespaced });
    switch (object.is) {
      case "malformed":
        throw new Trouble("malformed", object.why);
      case "otherScope":
        throw otherScope(object.why);
      case "unusable":
        this.#record.badObject(`${object.key.namespace ?? ""}/${object.key.name}: ${object.why}`);
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
      this.#forgetTroubles();
    }
    this.#record.told(this.#resourceVersion ?? resourceVersion, isEvent);
  }

  *#usable(objects: readonly ImageObject[]): Iterable<Image> {
    for (const object of objects) {
      if (object.is === "image") yield object.image;
      else if (object.is === "otherScope") throw otherScope(object.why);
      else this.#record.badObject(object.why);
    }
  }

  /** Gives whether that was all there was to do. */
  #believeAbsence(): boolean {
    const { index, kind, follow = true } = this.#options;
    this.#absences++;
    if (this.state.syncedAt !== undefined && this.#absences < ABSENCES_TO_EMPTY) return false;
    index.relist(kind).replace();
    this.#resourceVersion = undefined;
    this.#resource = undefined;
    this.#record.emptied();
    this.#synced.resolve(undefined);
    return !follow;
  }

  #forgetTroubles(): void {
    this.#inARow = { times: 0 };
    this.#troublesSinceList = 0;
  }

  #troubleOf(step: WorkingStep, error: unknown): Trouble {
    if (!(error instanceof Trouble)) {
      this.#options.log.error({ err: error, kind: this.#options.kind }, "list and watch met a bug");
      return new Trouble("internal", `internal error: ${messageOf(error)}`, { cause: error });
    }
    if (step.is !== "watch" || error.code !== "forbidden") return error;
    return new Trouble("watchForbidden", error.message, { cause: error, retryAfter: error.retryAfter });
  }

  /** In words that RBAC rules use. */
  #asked(step: WorkingStep): string {
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
    return resourcePath(resource, this.#options.namespace ?? "");
  }
}

/** Where the kind was served so far, it is served no more: discovery comes next. */
function otherScope(why: string): Trouble {
  return new Trouble("gone", `the scope of the kind has changed: ${why}`);
}

function overflow(): Trouble {
  return new Trouble("overflow", "there are more images than --max-images; the last complete set stays");
}
