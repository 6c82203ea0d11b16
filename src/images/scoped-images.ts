import type { Image } from "./image.ts";
import { foldedName, foldName } from "./name-similarity.ts";
import type { KnownName } from "./similar-names.ts";

/** The images of one display name. Nearly always that is one image, which needs no list. */
type OneOrMany = Image | Image[];

/** A display name and its images. */
interface DisplayName extends KnownName {
  images: OneOrMany;
}

const NONE: readonly Image[] = [];

/** The images of one namespace, or of the cluster. A name is looked up in one scope after another. */
export interface ImageScope {
  byObjectName(name: string): Image | undefined;
  /** All images with exactly this display name, including those being deleted. Do not keep the list: it may change. */
  byDisplayName(displayName: string): readonly Image[];
  /** The display names that are equal to this one except for letter case and outer spaces. */
  displayNamesLike(name: string): readonly string[];
  displayNames(): Iterable<KnownName>;
  objectNames(): Iterable<string>;
}

/** Maps names to images within one scope. An object name is unique in its scope. */
export class ScopedImages implements ImageScope {
  readonly #byObjectName = new Map<string, Image>();
  readonly #byDisplayName = new Map<string, DisplayName>();
  /** Display names by folded form, if the two differ. The other names are found in `#byDisplayName`. */
  readonly #byFoldedName = new Map<string, Set<string>>();
  #ambiguousNames = 0;

  /** Adds an image. It replaces the image with the same object name. */
  set(image: Image): void {
    this.delete(image.name);
    this.#byObjectName.set(image.name, image);
    const displayName = image.displayName;
    if (displayName === undefined) return;
    this.#addToDisplayName(image, displayName);
    const folded = foldName(displayName);
    if (folded === displayName) return;
    const spellings = this.#byFoldedName.get(folded) ?? new Set();
    this.#byFoldedName.set(folded, spellings.add(displayName));
  }

  delete(name: string): void {
    const image = this.#byObjectName.get(name);
    if (image === undefined) return;
    this.#byObjectName.delete(name);
    if (image.displayName !== undefined) this.#removeFromDisplayName(image, image.displayName);
  }

  byObjectName(name: string): Image | undefined {
    return this.#byObjectName.get(name);
  }

  byDisplayName(displayName: string): readonly Image[] {
    const images = this.#byDisplayName.get(displayName)?.images;
    if (images === undefined) return NONE;
    return Array.isArray(images) ? images : [images];
  }

  displayNamesLike(name: string): readonly string[] {
    const folded = foldName(name);
    const itself = this.#byDisplayName.has(folded) ? [folded] : [];
    return [...itself, ...(this.#byFoldedName.get(folded) ?? [])];
  }

  displayNames(): Iterable<KnownName> {
    return this.#byDisplayName.values();
  }

  objectNames(): Iterable<string> {
    return this.#byObjectName.keys();
  }

  images(): Iterable<Image> {
    return this.#byObjectName.values();
  }

  get size(): number {
    return this.#byObjectName.size;
  }

  /** Counts the display names of two or more images. Images being deleted have no display name (R6). */
  get ambiguousNames(): number {
    return this.#ambiguousNames;
  }

  #addToDisplayName(image: Image, displayName: string): void {
    const named = this.#byDisplayName.get(displayName);
    if (named === undefined) {
      this.#byDisplayName.set(displayName, { name: displayName, ...foldedName(displayName), images: image });
      return;
    }
    const was = isAmbiguous(named.images);
    named.images = addTo(named.images, image);
    this.#ambiguousNames += Number(isAmbiguous(named.images)) - Number(was);
  }

  #removeFromDisplayName(image: Image, displayName: string): void {
    const named = this.#byDisplayName.get(displayName);
    const others = this.byDisplayName(displayName).filter((other) => other !== image);
    this.#ambiguousNames += Number(isAmbiguous(others)) - Number(isAmbiguous(named?.images));
    const [first] = others;
    if (named !== undefined && first !== undefined) {
      named.images = others.length === 1 ? first : others;
      return;
    }
    this.#byDisplayName.delete(displayName);
    const folded = foldName(displayName);
    const spellings = this.#byFoldedName.get(folded);
    spellings?.delete(displayName);
    if (spellings?.size === 0) this.#byFoldedName.delete(folded);
  }
}

function addTo(images: OneOrMany, image: Image): OneOrMany {
  if (!Array.isArray(images)) return [images, image];
  images.push(image);
  return images;
}

/** Whether two images have the name. Stops at the second one that counts. */
function isAmbiguous(named: OneOrMany | undefined): boolean {
  if (!Array.isArray(named)) return false;
  const first = named.findIndex(({ terminating }) => !terminating);
  return first !== -1 && named.some(({ terminating }, at) => at > first && !terminating);
}
