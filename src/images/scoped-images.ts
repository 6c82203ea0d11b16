import type { Image } from "./image.ts";

/** Images that share a display name: nearly always one, so one is kept without a list around it. */
type OneOrMany = Image | Image[];

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

/** Names to images within one scope. An object name is there once. */
export class ScopedImages implements ImageScope {
  readonly #byObjectName = new Map<string, Image>();
  readonly #byDisplayName = new Map<string, OneOrMany>();
  /** Only names that differ from their folded form: the others are found by themselves. */
  readonly #byFoldedName = new Map<string, Set<string>>();
  #ambiguousNames = 0;

  /** Puts an image in the place of the one with its object name. */
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
    const named = this.#byDisplayName.get(displayName);
    if (named === undefined) return NONE;
    return Array.isArray(named) ? named : [named];
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

  images(): Iterable<Image> {
    return this.#byObjectName.values();
  }

  get size(): number {
    return this.#byObjectName.size;
  }

  /** Display names of two or more images; those being deleted do not count, as no display name means them. */
  get ambiguousNames(): number {
    return this.#ambiguousNames;
  }

  #addToDisplayName(image: Image, displayName: string): void {
    const named = this.#byDisplayName.get(displayName);
    const was = isAmbiguous(named);
    const next = addTo(named, image);
    if (next !== named) this.#byDisplayName.set(displayName, next);
    this.#ambiguousNames += Number(isAmbiguous(next)) - Number(was);
  }

  #removeFromDisplayName(image: Image, displayName: string): void {
    const named = this.#byDisplayName.get(displayName);
    const others = this.byDisplayName(displayName).filter((other) => other !== image);
    this.#ambiguousNames += Number(isAmbiguous(others)) - Number(isAmbiguous(named));
    const [first] = others;
    if (first !== undefined) {
      this.#byDisplayName.set(displayName, others.length === 1 ? first : others);
      return;
    }
    this.#byDisplayName.delete(displayName);
    const folded = foldName(displayName);
    const spellings = this.#byFoldedName.get(folded);
    spellings?.delete(displayName);
    if (spellings?.size === 0) this.#byFoldedName.delete(folded);
  }
}

function addTo(named: OneOrMany | undefined, image: Image): OneOrMany {
  if (!Array.isArray(named)) return named === undefined ? image : [named, image];
  named.push(image);
  return named;
}

/** Looks no further than the second image that counts. */
function isAmbiguous(named: OneOrMany | undefined): boolean {
  if (!Array.isArray(named)) return false;
  const first = named.findIndex(({ terminating }) => !terminating);
  return first !== -1 && named.some(({ terminating }, at) => at > first && !terminating);
}
