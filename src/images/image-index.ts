import { IMAGE_KINDS, type Image, type ImageKind } from "./image.ts";

/** Images that share a display name: nearly always one, so one is kept without a list around it. */
type Slot = Image | Image[];

const NONE: readonly Image[] = [];

/** How two spellings of a name are the same to a person: outer spaces and letter case do not count. */
export function foldName(name: string): string {
  return name.trim().toLowerCase();
}

/** The images of one namespace, or the cluster images: what one search of a name looks through. */
export interface ImageScope {
  byObjectName(name: string): Image | undefined;
  /** All images with exactly this display name, those being deleted included. Do not keep the list. */
  byDisplayName(displayName: string): readonly Image[];
  /** The display names that are equal to this one but for letter case and outer spaces. */
  displayNamesLike(name: string): readonly string[];
  displayNames(): Iterable<string>;
  objectNames(): Iterable<string>;
}

/** The readers' side. Every answer is from memory and costs no more with a million images than with ten. */
export interface ImageIndex {
  namespaced(namespace: string): ImageScope;
  cluster(): ImageScope;
  /** Whether the first complete set of this kind has arrived; never back to false. */
  isSynced(kind: ImageKind): boolean;
  count(kind: ImageKind): number;
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

/** The one writer's side. */
export interface ImageIndexWriter {
  /** Swaps in the complete set of one kind at once: a reader never sees half of it. No image may come twice. */
  replace(kind: ImageKind, images: Iterable<Image>): void;
}

/** Names to images within one scope. */
class ScopedImages implements ImageScope {
  readonly #byObjectName = new Map<string, Image>();
  readonly #byDisplayName = new Map<string, Slot>();
  /** Only names that differ from their folded form: the others are found by themselves. */
  readonly #byFoldedName = new Map<string, Set<string>>();

  add(image: Image): void {
    this.#byObjectName.set(image.name, image);
    const displayName = image.displayName;
    if (displayName === undefined) return;
    const slot = this.#byDisplayName.get(displayName);
    if (Array.isArray(slot)) slot.push(image);
    else this.#byDisplayName.set(displayName, slot === undefined ? image : [slot, image]);
    const folded = foldName(displayName);
    if (folded === displayName) return;
    const spellings = this.#byFoldedName.get(folded) ?? new Set();
    this.#byFoldedName.set(folded, spellings.add(displayName));
  }

  byObjectName(name: string): Image | undefined {
    return this.#byObjectName.get(name);
  }

  byDisplayName(displayName: string): readonly Image[] {
    const slot = this.#byDisplayName.get(displayName);
    if (slot === undefined) return NONE;
    return Array.isArray(slot) ? slot : [slot];
  }

  displayNamesLike(name: string): readonly string[] {
    const folded = foldName(name);
    const itself = this.#byDisplayName.has(folded) ? [folded] : [];
    return [...itself, ...(this.#byFoldedName.get(folded) ?? [])];
  }

  displayNames(): Iterable<string> {
    return this.#byDisplayName.keys();
  }

  objectNames(): Iterable<string> {
    return this.#byObjectName.keys();
  }

  get size(): number {
    return this.#byObjectName.size;
  }
}

const EMPTY_SCOPE = new ScopedImages();

interface KindOfImages {
  readonly scopes: ReadonlyMap<string, ScopedImages>;
  readonly count: number;
  readonly synced: boolean;
}

/** An image index in memory: built whole, one kind at a time, and swapped by one assignment. */
export class MemoryImageIndex implements ImageIndex, ImageIndexWriter {
  readonly #kinds = new Map<ImageKind, KindOfImages>(
    IMAGE_KINDS.map((kind) => [kind, { scopes: new Map(), count: 0, synced: false }]),
  );

  namespaced(namespace: string): ImageScope {
    return this.#kinds.get("VirtualMachineImage")?.scopes.get(namespace) ?? EMPTY_SCOPE;
  }

  cluster(): ImageScope {
    return this.#kinds.get("ClusterVirtualMachineImage")?.scopes.get("") ?? EMPTY_SCOPE;
  }

  isSynced(kind: ImageKind): boolean {
    return this.#kinds.get(kind)?.synced ?? false;
  }

  count(kind: ImageKind): number {
    return this.#kinds.get(kind)?.count ?? 0;
  }

  replace(kind: ImageKind, images: Iterable<Image>): void {
    const scopes = new Map<string, ScopedImages>();
    for (const image of images) {
      const scope = scopes.get(image.namespace) ?? new ScopedImages();
      scopes.set(image.namespace, scope);
      scope.add(image);
    }
    let count = 0;
    for (const scope of scopes.values()) count += scope.size;
    this.#kinds.set(kind, { scopes, count, synced: true });
  }
}
