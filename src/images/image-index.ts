import { LRUCache } from "lru-cache";
import { isSameJson } from "../common/json.ts";
import { IMAGE_KINDS, type Image, type ImageKind, isClusterScopedVmImage, VM_IMAGE_KINDS } from "./image.ts";
import { isNewer } from "../common/resource-version.ts";
import { type ImageScope, ScopedImages } from "./scoped-images.ts";
import { SharedTexts } from "./shared-texts.ts";

/**
 * Deletions that are remembered, so that a late read of a deleted image does not bring it back. Far more than happen
 * while a read is in flight.
 */
const MAX_TOMBSTONES = 10_000;
/** With `max`, the cache would allocate room for all entries at once. `maxSize` lets it grow. */
const TOMBSTONE_LIMIT = { maxSize: MAX_TOMBSTONES, sizeCalculation: () => 1 };

/** An old space of 640 MiB holds these while a relist keeps two sets (measured: 720 MiB resident; `manifests/base`). */
export const DEFAULT_MAX_IMAGES = 500_000;

/** For readers. Every answer comes from memory and takes the same time with ten images and with a million. */
export interface ImageIndex {
  /** The VirtualMachineImages that a namespace may use: its own, or all of them if the kind has cluster scope. */
  namespaced(namespace: string | undefined): ImageScope;
  cluster(): ImageScope;
  osImages(): ImageScope;
  /** Whether the first complete set of this kind has arrived. Stays true from then on. */
  isSynced(kind: ImageKind): boolean;
}

export interface ImageQuery {
  /** The namespace of the object that names the image; undefined for a cluster-scoped object. */
  readonly namespace: string | undefined;
  readonly name: string;
  /** Undefined searches both kinds that machines boot from. */
  readonly kind?: ImageKind | undefined;
}

/** The kinds that a query searches, in order. */
export function kindsSearched({ kind }: Pick<ImageQuery, "kind">): readonly ImageKind[] {
  return kind === undefined ? VM_IMAGE_KINDS : [kind];
}

export function scopeOf(index: ImageIndex, kind: ImageKind, namespace: string | undefined): ImageScope {
  switch (kind) {
    case "VirtualMachineImage":
      return index.namespaced(namespace);
    case "ClusterVirtualMachineImage":
      return index.cluster();
    case "OSImage":
      return index.osImages();
  }
}

/**
 * Whether VirtualMachineImage is served with cluster scope, as the first image in the index shows. False without
 * images.
 */
export function hasClusterScopedVmImages(index: ImageIndex, namespace: string | undefined): boolean {
  const scope = index.namespaced(namespace);
  const [name] = scope.objectNames();
  const image = name === undefined ? undefined : scope.byObjectName(name);
  return image !== undefined && isClusterScopedVmImage(image);
}

/** Result of a change: `stale` if the index knows something newer, `overflow` if it has no room. */
export type Applied = "applied" | "stale" | "overflow";

export type ImageKey = Pick<Image, "kind" | "namespace" | "name">;

/** For writers. Each kind has one list and watch, and live reads beside them. */
export interface ImageIndexWriter {
  /** Stores an image as it was at its resourceVersion. */
  apply(image: Image): Applied;
  /** Removes an image that was deleted at this resourceVersion. */
  remove(key: ImageKey, resourceVersion: string): Applied;
  /** Begins a new complete set. The old one answers until the new one is swapped in. */
  relist(kind: ImageKind): Relist;
  count(kind: ImageKind): number;
}

/** A complete set in progress. Nothing changes before `commit` or `replace`. */
export interface Relist {
  /** After `overflow` the set is incomplete: do not swap it in. */
  add(images: Iterable<Image>): Applied;
  /** Swaps the set in, and keeps what is newer than the list: the list cannot have seen it. */
  commit(resourceVersion: string): void;
  /**
   * Swaps the set in, and keeps nothing else. For sets that resourceVersions do not order: files, a removed CRD, a
   * restored etcd.
   */
  replace(): void;
}

/** By namespace. The key of cluster-scoped images is undefined. */
type Scopes = Map<string | undefined, ScopedImages>;

interface ImagesOfKind {
  scopes: Scopes;
  count: number;
  /** Images of a set in progress. They count against the room, so that two concurrent lists do not use it twice. */
  pending: number;
  synced: boolean;
  /** The resourceVersion of the list that this set comes from; undefined without such a list. */
  listedAt: string | undefined;
}

function emptyKind(): ImagesOfKind {
  return { scopes: new Map(), count: 0, pending: 0, synced: false, listedAt: undefined };
}

const EMPTY_SCOPE: ImageScope = new ScopedImages();

export interface ImageIndexOptions {
  /** The limit for all kinds together. */
  readonly maxImages?: number;
}

/** An image index in memory. By resourceVersion, a late, repeated or reordered change never overwrites a newer one. */
export class MemoryImageIndex implements ImageIndex, ImageIndexWriter {
  readonly #kinds = Object.fromEntries(IMAGE_KINDS.map((kind) => [kind, emptyKind()])) as Readonly<
    Record<ImageKind, ImagesOfKind>
  >;
  /** The resourceVersion of each deletion, by kind, namespace and name. */
  readonly #tombstones = new LRUCache<string, string>(TOMBSTONE_LIMIT);
  readonly #sharedTexts = new SharedTexts();
  readonly #maxImages: number;

  constructor({ maxImages = DEFAULT_MAX_IMAGES }: ImageIndexOptions = {}) {
    this.#maxImages = maxImages;
  }

  namespaced(namespace: string | undefined): ImageScope {
    const { scopes } = this.#kinds.VirtualMachineImage;
    return scopes.get(namespace) ?? scopes.get(undefined) ?? EMPTY_SCOPE;
  }

  cluster(): ImageScope {
    return this.#kinds.ClusterVirtualMachineImage.scopes.get(undefined) ?? EMPTY_SCOPE;
  }

  osImages(): ImageScope {
    return this.#kinds.OSImage.scopes.get(undefined) ?? EMPTY_SCOPE;
  }

  isSynced(kind: ImageKind): boolean {
    return this.#kinds[kind].synced;
  }

  /** The namespaces that have images. */
  namespaces(): readonly string[] {
    return [...this.#kinds.VirtualMachineImage.scopes.keys()].filter((namespace) => namespace !== undefined);
  }

  count(kind: ImageKind): number {
    return this.#kinds[kind].count;
  }

  /** Counts display names that several images of one scope have. Takes one step for each namespace. */
  ambiguousNames(kind: ImageKind): number {
    let sum = 0;
    for (const { ambiguousNames } of this.#kinds[kind].scopes.values()) sum += ambiguousNames;
    return sum;
  }

  apply(image: Image): Applied {
    const known = this.#find(image);
    if (known !== undefined && !isNewer(image.resourceVersion, known.resourceVersion)) return "stale";
    const kind = this.#kinds[image.kind];
    if (known === undefined && (this.#isTombstoned(image) || isOlderThanList(image, kind))) return "stale";
    if (known === undefined && this.#total() >= this.#maxImages) return "overflow";
    if (known === undefined) kind.count++;
    scopeIn(kind.scopes, image.namespace).set(this.#sharedTexts.in(image));
    return "applied";
  }

  remove(key: ImageKey, resourceVersion: string): Applied {
    const known = this.#find(key);
    if (known !== undefined && isNewer(known.resourceVersion, resourceVersion)) return "stale";
    this.#recordDeletion(key, resourceVersion);
    if (known === undefined) return "stale";
    const kind = this.#kinds[key.kind];
    deleteFrom(kind.scopes, key);
    kind.count--;
    return "applied";
  }

  relist(kind: ImageKind): Relist {
    const scopes: Scopes = new Map();
    const own = this.#kinds[kind];
    own.pending = 0;
    const add = (images: Iterable<Image>): Applied => {
      const room = this.#maxImages - this.#countOthers(kind);
      for (const image of images) {
        if (own.pending >= room) {
          own.pending = 0;
          return "overflow";
        }
        const scope = scopeIn(scopes, image.namespace);
        const before = scope.size;
        scope.set(this.#kept(image));
        own.pending += scope.size - before;
      }
      return "applied";
    };
    const swap = (listedAt: string | undefined): void => {
      const count = [...scopes.values()].reduce((sum, { size }) => sum + size, 0);
      Object.assign(own, { scopes, count, pending: 0, synced: true, listedAt });
    };
    const commit = (resourceVersion: string): void => {
      this.#keepNewer(kind, scopes, resourceVersion);
      this.#dropDeleted(kind, scopes);
      swap(resourceVersion);
    };
    return {
      add,
      commit,
      replace: () => {
        this.#forgetDeletions(kind);
        swap(undefined);
      },
    };
  }

  /**
   * Returns the stored image if it is equal, so that a relist does not hold every image twice until it is swapped in.
   */
  #kept(image: Image): Image {
    const known = this.#find(image);
    return known !== undefined && isSameJson(known, image) ? known : this.#sharedTexts.in(image);
  }

  /** Adds to a complete set the images that are newer than its list. */
  #keepNewer(kind: ImageKind, scopes: Scopes, resourceVersion: string): void {
    for (const image of imagesIn(this.#kinds[kind].scopes)) {
      if (!isNewer(image.resourceVersion, resourceVersion)) continue;
      const listed = scopes.get(image.namespace)?.byObjectName(image.name);
      if (isNewer(image.resourceVersion, listed?.resourceVersion)) scopeIn(scopes, image.namespace).set(image);
    }
  }

  /** Removes from a complete set the images that were deleted after they were listed. */
  #dropDeleted(kind: ImageKind, scopes: Scopes): void {
    for (const [id, deletedAt] of this.#tombstones.entries()) {
      const key = keyOf(id);
      const listed = key.kind === kind ? scopes.get(key.namespace)?.byObjectName(key.name) : undefined;
      if (listed === undefined || isNewer(listed.resourceVersion, deletedAt)) continue;
      deleteFrom(scopes, key);
    }
  }

  #forgetDeletions(kind: ImageKind): void {
    for (const id of [...this.#tombstones.keys()]) if (keyOf(id).kind === kind) this.#tombstones.delete(id);
  }

  #find({ kind, namespace, name }: ImageKey): Image | undefined {
    return this.#kinds[kind].scopes.get(namespace)?.byObjectName(name);
  }

  #recordDeletion(key: ImageKey, resourceVersion: string): void {
    const known = this.#tombstones.get(idOf(key));
    if (isNewer(resourceVersion, known)) this.#tombstones.set(idOf(key), resourceVersion);
  }

  #isTombstoned(image: Image): boolean {
    const deletedAt = this.#tombstones.get(idOf(image));
    return deletedAt !== undefined && !isNewer(image.resourceVersion, deletedAt);
  }

  #countOthers(kind: ImageKind): number {
    return IMAGE_KINDS.filter((each) => each !== kind)
      .map((each) => Math.max(this.#kinds[each].count, this.#kinds[each].pending))
      .reduce((sum, each) => sum + each, 0);
  }

  #total(): number {
    return IMAGE_KINDS.reduce((sum, kind) => sum + this.#kinds[kind].count, 0);
  }
}

/** The list does not have this image, so it was deleted before the list. */
function isOlderThanList(image: Image, { listedAt }: ImagesOfKind): boolean {
  return listedAt !== undefined && !isNewer(image.resourceVersion, listedAt);
}

function scopeIn(scopes: Scopes, namespace: string | undefined): ScopedImages {
  const scope = scopes.get(namespace) ?? new ScopedImages();
  scopes.set(namespace, scope);
  return scope;
}

/** Removes an empty scope as well, since namespaces come and go. */
function deleteFrom(scopes: Scopes, { namespace, name }: ImageKey): void {
  const scope = scopes.get(namespace);
  scope?.delete(name);
  if (scope?.size === 0) scopes.delete(namespace);
}

function* imagesIn(scopes: Scopes): Iterable<Image> {
  for (const scope of scopes.values()) yield* scope.images();
}

function idOf({ kind, namespace, name }: ImageKey): string {
  return `${kind} ${namespace ?? ""} ${name}`;
}

/** The inverse of `idOf`: Kubernetes names contain no spaces. */
function keyOf(id: string): ImageKey {
  const [kind = "", namespace = "", name = ""] = id.split(" ");
  return { kind: kind as ImageKind, namespace: namespace === "" ? undefined : namespace, name };
}
