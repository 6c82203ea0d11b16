import { LRUCache } from "lru-cache";
import { IMAGE_KINDS, type Image, type ImageKind } from "./image.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { type ImageScope, ScopedImages } from "./scoped-images.ts";

/**
 * Deletions that are remembered, so that a slower answer about the same image cannot bring it back. Far more than can
 * be under way between a watch and a read at the same time.
 */
const MOST_TOMBSTONES = 10_000;

/** Above this many images of both kinds a process of 256 MiB could end for lack of memory (about 0.5 kB an image). */
export const DEFAULT_MOST_IMAGES = 500_000;

/** The readers' side. Every answer is from memory and costs no more with a million images than with ten. */
export interface ImageIndex {
  namespaced(namespace: string): ImageScope;
  cluster(): ImageScope;
  /** Whether the first complete set of this kind has arrived; never back to false. */
  isSynced(kind: ImageKind): boolean;
}

export interface ImageQuery {
  /** The namespace of the object that names the image. */
  readonly namespace: string;
  readonly name: string;
  /** Only this kind; undefined searches both. */
  readonly kind?: ImageKind | undefined;
}

export function scopeOf(index: ImageIndex, kind: ImageKind, namespace: string): ImageScope {
  return kind === "VirtualMachineImage" ? index.namespaced(namespace) : index.cluster();
}

/** What a change of the index did: `stale` is older than what is known, `overflow` has no room. */
export type Applied = "applied" | "stale" | "overflow";

export type ImageKey = Pick<Image, "kind" | "namespace" | "name">;

/** The writer's side: each kind has one list and watch, and reads of single images beside them. */
export interface ImageIndexWriter {
  /** An image as it is at its resourceVersion. */
  apply(image: Image): Applied;
  /** An image that was deleted at this resourceVersion. */
  remove(key: ImageKey, resourceVersion: string): Applied;
  /** A complete set to be swapped in at once; the old one answers until then. */
  relist(kind: ImageKind): Relist;
  count(kind: ImageKind): number;
}

/** A complete set on its way. Without `commit` nothing changes. */
export interface Relist {
  add(images: Iterable<Image>): Applied;
  /** Swaps the set in. What is known from after the list's resourceVersion is kept: the list cannot have seen it. */
  commit(resourceVersion: string): void;
}

type Scopes = Map<string, ScopedImages>;

interface KindOfImages {
  scopes: Scopes;
  count: number;
  synced: boolean;
}

const EMPTY_SCOPE: ImageScope = new ScopedImages();

export interface ImageIndexOptions {
  /** Of both kinds together. */
  readonly mostImages?: number;
}

/** An image index in memory, ordered by resourceVersion: late, repeated and reordered news never win over newer ones. */
export class MemoryImageIndex implements ImageIndex, ImageIndexWriter {
  readonly #kinds: Readonly<Record<ImageKind, KindOfImages>> = {
    VirtualMachineImage: { scopes: new Map(), count: 0, synced: false },
    ClusterVirtualMachineImage: { scopes: new Map(), count: 0, synced: false },
  };
  /** The resourceVersion of a deletion, by kind, namespace and name. */
  readonly #tombstones = new LRUCache<string, string>({ max: MOST_TOMBSTONES });
  readonly #mostImages: number;

  constructor({ mostImages = DEFAULT_MOST_IMAGES }: ImageIndexOptions = {}) {
    this.#mostImages = mostImages;
  }

  namespaced(namespace: string): ImageScope {
    return this.#kinds.VirtualMachineImage.scopes.get(namespace) ?? EMPTY_SCOPE;
  }

  cluster(): ImageScope {
    return this.#kinds.ClusterVirtualMachineImage.scopes.get("") ?? EMPTY_SCOPE;
  }

  isSynced(kind: ImageKind): boolean {
    return this.#kinds[kind].synced;
  }

  count(kind: ImageKind): number {
    return this.#kinds[kind].count;
  }

  apply(image: Image): Applied {
    const known = this.#find(image);
    if (known !== undefined && compareResourceVersions(image.resourceVersion, known.resourceVersion) <= 0)
      return "stale";
    if (this.#isBuried(image)) return "stale";
    const kind = this.#kinds[image.kind];
    if (known === undefined && this.#total() >= this.#mostImages) return "overflow";
    if (known === undefined) kind.count++;
    scopeIn(kind.scopes, image.namespace).set(image);
    return "applied";
  }

  remove(key: ImageKey, resourceVersion: string): Applied {
    const known = this.#find(key);
    if (known !== undefined && compareResourceVersions(known.resourceVersion, resourceVersion) > 0) return "stale";
    this.#bury(key, resourceVersion);
    if (known === undefined) return "stale";
    const kind = this.#kinds[key.kind];
    const scope = kind.scopes.get(key.namespace);
    scope?.delete(key.name);
    if (scope?.size === 0) kind.scopes.delete(key.namespace);
    kind.count--;
    return "applied";
  }

  relist(kind: ImageKind): Relist {
    const scopes: Scopes = new Map();
    let count = 0;
    const others = IMAGE_KINDS.filter((each) => each !== kind).reduce((sum, each) => sum + this.#kinds[each].count, 0);
    const add = (images: Iterable<Image>): Applied => {
      for (const image of images) {
        if (others + count >= this.#mostImages) return "overflow";
        const scope = scopeIn(scopes, image.namespace);
        const before = scope.size;
        scope.set(image);
        count += scope.size - before;
      }
      return "applied";
    };
    const commit = (resourceVersion: string): void => {
      this.#mergeNewer(kind, scopes, resourceVersion);
      count = [...scopes.values()].reduce((sum, { size }) => sum + size, 0);
      Object.assign(this.#kinds[kind], { scopes, count, synced: true });
    };
    return { add, commit };
  }

  /** Into a complete set: what was learned since its list was made, deletions included. */
  #mergeNewer(kind: ImageKind, scopes: Scopes, resourceVersion: string): void {
    for (const scope of this.#kinds[kind].scopes.values()) {
      for (const image of scope.images()) {
        if (compareResourceVersions(image.resourceVersion, resourceVersion) <= 0) continue;
        const listed = scopes.get(image.namespace)?.byObjectName(image.name);
        const isNewer = compareResourceVersions(image.resourceVersion, listed?.resourceVersion ?? "") > 0;
        if (isNewer) scopeIn(scopes, image.namespace).set(image);
      }
    }
    for (const [id, deletedAt] of this.#tombstones.entries()) {
      const key = keyOf(id);
      const listed = key.kind === kind ? scopes.get(key.namespace)?.byObjectName(key.name) : undefined;
      if (listed === undefined || compareResourceVersions(listed.resourceVersion, deletedAt) > 0) continue;
      scopes.get(key.namespace)?.delete(key.name);
    }
  }

  #find({ kind, namespace, name }: ImageKey): Image | undefined {
    return this.#kinds[kind].scopes.get(namespace)?.byObjectName(name);
  }

  #bury(key: ImageKey, resourceVersion: string): void {
    const known = this.#tombstones.get(idOf(key)) ?? "";
    if (compareResourceVersions(resourceVersion, known) > 0) this.#tombstones.set(idOf(key), resourceVersion);
  }

  #isBuried(image: Image): boolean {
    const deletedAt = this.#tombstones.get(idOf(image));
    return deletedAt !== undefined && compareResourceVersions(deletedAt, image.resourceVersion) >= 0;
  }

  #total(): number {
    return IMAGE_KINDS.reduce((sum, kind) => sum + this.#kinds[kind].count, 0);
  }
}

function scopeIn(scopes: Scopes, namespace: string): ScopedImages {
  const scope = scopes.get(namespace) ?? new ScopedImages();
  scopes.set(namespace, scope);
  return scope;
}

function idOf({ kind, namespace, name }: ImageKey): string {
  return `${kind} ${namespace} ${name}`;
}

/** Kubernetes names have no spaces. */
function keyOf(id: string): ImageKey {
  const [kind = "", namespace = "", name = ""] = id.split(" ");
  return { kind: kind as ImageKind, namespace, name };
}
