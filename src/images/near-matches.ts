import { type Image, IMAGE_KIND_ROWS, isVmImageKind, libraryOf, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "./image.ts";
import { hasClusterScopedVmImages, type ImageIndex, type ImageQuery, kindsSearched, scopeOf } from "./image-index.ts";
import { edits, foldedName, foldName } from "./name-similarity.ts";
import { splitLibraryName } from "./resolve.ts";
import type { ImageScope } from "./scoped-images.ts";
import { type KnownName, similarNames } from "./similar-names.ts";

/** People read only a few suggestions. */
const MAX_MATCHES = 3;
/** Similar names that are looked at: images being deleted, and those of other libraries, are left out or come last. */
const MAX_SIMILAR = 6;

/**
 * R7: images that a person may have meant by a name that no image has. Only images that this namespace may use.
 * 1. Images of the same name, in the scope that the kind excludes. Where there are some, they are all.
 * 2. Images whose name is equal except for letter case, outer spaces and look-alike characters.
 * 3. Images with a similar name, as `similarNames` says.
 * For LIBRARY/NAME, NAME alone is searched, too; images of a library of that name come first.
 */
export function nearMatches(index: ImageIndex, query: ImageQuery): readonly Image[] {
  const found = new Set<Image>();
  for (const image of candidates(index, query)) {
    if (!image.terminating) found.add(image);
    if (found.size === MAX_MATCHES) break;
  }
  return [...found];
}

function* candidates(index: ImageIndex, query: ImageQuery): Iterable<Image> {
  const sameName = sameNameInOtherScope(index, query);
  yield* sameName;
  if (sameName.some(({ terminating }) => !terminating)) return;
  const scopes = kindsSearched(query).map((kind) => scopeOf(index, kind, query.namespace));
  const namedByPeople = hasNamesByPeople(index, query);
  const inLibrary = splitLibraryName(query.name);
  yield* equalExceptForCase(scopes, query.name);
  if (inLibrary === undefined) {
    yield* similar(scopes, query.name, namedByPeople);
    return;
  }
  const { library, name } = inLibrary;
  yield* [...equalExceptForCase(scopes, name)].sort(byLibrary(library));
  const found = [query.name, name].flatMap((each) => [...similar(scopes, each, namedByPeople)]);
  yield* found.sort(byLibrary(library));
}

function hasNamesByPeople(index: ImageIndex, { kind, namespace }: ImageQuery): boolean {
  if (kind !== undefined && IMAGE_KIND_ROWS[kind].namedByPeople) return true;
  return kindsSearched({ kind }).includes("VirtualMachineImage") && hasClusterScopedVmImages(index, namespace);
}

/** Orders images by how similar their library's name is to this one. */
function byLibrary(library: string): (one: Image, other: Image) => number {
  const written = foldedName(library);
  const difference = (image: Image): number => edits(written, foldedName(libraryOf(image) ?? ""));
  return (one, other) => difference(one) - difference(other);
}

function sameNameInOtherScope(index: ImageIndex, { namespace, name, kind }: ImageQuery): readonly Image[] {
  if (kind === undefined || !isVmImageKind(kind)) return [];
  const others = VM_IMAGE_KINDS.filter((each) => each !== kind);
  return others.flatMap((other) => [...imagesNamed(scopeOf(index, other, namespace), name)]);
}

function* similar(scopes: readonly ImageScope[], name: string, namedByPeople: boolean): Iterable<Image> {
  const known = scopes.map((scope) => () => namesIn(scope, foldName(name), namedByPeople));
  for (const found of similarNames(known, name, MAX_SIMILAR)) {
    for (const scope of scopes) yield* imagesNamed(scope, found.name);
  }
}

function* imagesNamed(scope: ImageScope, name: string): Iterable<Image> {
  const image = scope.byObjectName(name);
  if (image !== undefined) yield image;
  yield* scope.byDisplayName(name);
}

function* equalExceptForCase(scopes: readonly ImageScope[], name: string): Iterable<Image> {
  for (const scope of scopes) {
    const image = scope.byObjectName(foldName(name));
    if (image !== undefined) yield image;
    for (const displayName of scope.displayNamesLike(name)) yield* scope.byDisplayName(displayName);
  }
}

/** Display names; object names instead where the written one is a VMI ID, and beside them where people choose these. */
function namesIn(scope: ImageScope, written: string, namedByPeople: boolean): Iterable<KnownName> {
  if (namedByPeople) return objectAndDisplayNames(scope);
  return written.startsWith(VMI_ID_PREFIX) ? idsLike(scope, written) : scope.displayNames();
}

function* objectAndDisplayNames(scope: ImageScope): Iterable<KnownName> {
  for (const name of scope.objectNames()) yield { name, ...foldedName(name) };
  yield* scope.displayNames();
}

/** A VMI ID with one mistake still has one of its halves. */
function* idsLike(scope: ImageScope, written: string): Iterable<KnownName> {
  const middle = Math.floor(written.length / 2);
  const [start, end] = [written.slice(0, middle), written.slice(-middle)];
  for (const name of scope.objectNames()) {
    if (name.startsWith(start) || name.endsWith(end)) yield { name, ...foldedName(name) };
  }
}
