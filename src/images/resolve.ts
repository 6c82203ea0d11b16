import {
  type Image,
  type ImageKind,
  isClusterScopedVmImage,
  libraryOf,
  VM_IMAGE_KINDS,
  VMI_ID_PREFIX,
} from "./image.ts";
import { type ImageIndex, type ImageQuery, kindsSearched, scopeOf } from "./image-index.ts";
import type { ImageScope } from "./scoped-images.ts";

/** `namespace-first` is the mode of this webhook (rules R1 to R5). `strict` is that of vm-operator (rule RS). */
export const RESOLUTION_MODES = ["namespace-first", "strict"] as const;
export type ResolutionMode = (typeof RESOLUTION_MODES)[number];

/** The rules of resolution. Test titles carry their IDs. */
export const RESOLUTION_RULES = {
  R1: "a name with the prefix vmi- is an object name (namespace, then cluster), else a display name",
  R2: "any other name is a display name (namespace, then cluster), else an object name (namespace, then cluster); where VirtualMachineImages are of the cluster, their object names come first",
  R3: "LIBRARY/NAME, where the whole is no display name, is NAME among the images of that library",
  R4: "where a kind is given, only that scope is searched, its object names first",
  R5: "the same object name in both scopes is one image, the namespaced one",
  R6: "matching is exact; an image being deleted has no display name; readiness does not matter",
  R7: "near matches: at most 3, of this namespace and the cluster only",
  R8: "an OSImage is meant by its object name, else by its display name, and never beside images of other kinds",
  RS: "strict: vmi- names are object names only, others display names over both scopes together; OSImages by object name only",
} as const;

export type MatchedBy = "objectName" | "displayName" | "libraryName";

export type Resolved = { readonly is: "resolved"; readonly image: Image; readonly matchedBy: MatchedBy };
export type Ambiguous = {
  readonly is: "ambiguous";
  readonly candidates: readonly Image[];
  readonly matchedBy: MatchedBy;
};
export type NotSynced = { readonly is: "notSynced"; readonly kind: ImageKind };
export type Resolution = Resolved | Ambiguous | NotSynced | { readonly is: "notFound" };

/** The result of one search. Undefined if it found no image: then the next search is tried. */
type Found = Resolved | Ambiguous | NotSynced | undefined;
type Search = (index: ImageIndex, query: ImageQuery) => Found;

/** Rules R1 and R2 order the same searches differently. Rule R3 is the last search of both. */
const OBJECT_NAME_FIRST: readonly Search[] = [searchObjectName, searchDisplayName, searchLibraryName];
const DISPLAY_NAME_FIRST: readonly Search[] = [searchDisplayName, searchObjectName, searchLibraryName];

/** What a name means in a namespace, by the rules above, in constant time. If no image has it, see `nearMatches`. */
export function resolve(index: ImageIndex, query: ImageQuery, mode: ResolutionMode): Resolution {
  return find(index, query, mode) ?? NOT_FOUND;
}

const NOT_FOUND: Resolution = { is: "notFound" };

/** As `resolve`, with undefined for a name that no image has. */
export function find(index: ImageIndex, query: ImageQuery, mode: ResolutionMode): Found {
  const named = query.kind === undefined ? clusterScopedVmImage(index, query) : undefined;
  if (named !== undefined) return { is: "resolved", image: named, matchedBy: "objectName" };
  if (mode === "strict") return findStrictly(index, query);
  for (const search of searchesFor(query)) {
    const found = search(index, query);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** For cluster-scoped VirtualMachineImages, vm-operator knows object names only. Those do not begin with `vmi-`. */
function clusterScopedVmImage(index: ImageIndex, { namespace, name }: ImageQuery): Image | undefined {
  const image = index.namespaced(namespace).byObjectName(name);
  return image !== undefined && isClusterScopedVmImage(image) ? image : undefined;
}

/**
 * A reference with a kind is an object reference. The webhook writes object names there, so it reads object names
 * first: a pinned name keeps its meaning, even if another image gets that text as its display name. The same holds for
 * OSImages (R8), since the platform itself knows only their object names.
 */
function searchesFor({ name, kind }: ImageQuery): readonly Search[] {
  return kind !== undefined || name.startsWith(VMI_ID_PREFIX) ? OBJECT_NAME_FIRST : DISPLAY_NAME_FIRST;
}

/** Whether a name is one of this image's names: its object name, its display name or LIBRARY/NAME. */
export function isNameOf(image: Image, name: string, mode: ResolutionMode): boolean {
  if (name === image.name || name === image.displayName) return true;
  const library = libraryOf(image);
  if (library === undefined || mode === "strict") return false;
  const inLibrary = splitLibraryName(name);
  return inLibrary?.library === library && (inLibrary.name === image.name || inLibrary.name === image.displayName);
}

/**
 * A name that means exactly this image where it is written in place of the query's: the display name, else LIBRARY/NAME,
 * else the object name.
 */
export function literalName(index: ImageIndex, query: ImageQuery, image: Image, mode: ResolutionMode): string {
  const { name, displayName } = image;
  const library = libraryOf(image);
  const inLibrary = library === undefined || displayName === undefined ? undefined : `${library}/${displayName}`;
  const means = (written: string): boolean => {
    const found = find(index, { ...query, name: written }, mode);
    return found?.is === "resolved" && found.image.name === name;
  };
  return [displayName, inLibrary].find((each) => each !== undefined && means(each)) ?? name;
}

function searchObjectName(index: ImageIndex, { namespace, name, kind }: ImageQuery): Found {
  for (const each of kindsSearched({ kind })) {
    const image = scopeOf(index, each, namespace).byObjectName(name);
    if (image !== undefined) return { is: "resolved", image, matchedBy: "objectName" };
    if (!index.isSynced(each)) return { is: "notSynced", kind: each };
  }
  return undefined;
}

function searchDisplayName(index: ImageIndex, query: ImageQuery): Found {
  return firstScopeWith(index, query, (scope) => ({
    candidates: scope.byDisplayName(query.name).filter((image) => !image.terminating),
    matchedBy: "displayName",
  }));
}

function searchLibraryName(index: ImageIndex, query: ImageQuery): Found {
  const inLibrary = splitLibraryName(query.name);
  if (inLibrary === undefined) return undefined;
  const { library, name } = inLibrary;
  const byDisplayName = firstScopeWith(index, query, (scope) => ({
    candidates: scope.byDisplayName(name).filter((image) => libraryOf(image) === library && !image.terminating),
    matchedBy: "libraryName",
  }));
  return (
    byDisplayName ??
    firstScopeWith(index, query, (scope) => {
      const image = scope.byObjectName(name);
      return {
        candidates: image !== undefined && libraryOf(image) === library ? [image] : [],
        matchedBy: "libraryName",
      };
    })
  );
}

/** The first scope with candidates decides. One candidate is the image; several are ambiguous. */
function firstScopeWith(
  index: ImageIndex,
  { namespace, kind }: ImageQuery,
  candidatesIn: (scope: ImageScope) => { readonly candidates: readonly Image[]; readonly matchedBy: MatchedBy },
): Found {
  for (const each of kindsSearched({ kind })) {
    if (!index.isSynced(each)) return { is: "notSynced", kind: each };
    const { candidates, matchedBy } = candidatesIn(scopeOf(index, each, namespace));
    const [image, ...others] = candidates;
    if (image === undefined) continue;
    if (others.length > 0) return { is: "ambiguous", candidates, matchedBy };
    return { is: "resolved", image: kind === undefined ? preferNamespaced(index, namespace, image) : image, matchedBy };
  }
  return undefined;
}

/** R5: if both scopes have the object name, the namespaced image is meant, as in vm-operator. */
export function preferNamespaced(index: ImageIndex, namespace: string | undefined, image: Image): Image {
  return index.namespaced(namespace).byObjectName(image.name) ?? image;
}

export function splitLibraryName(name: string): { readonly library: string; readonly name: string } | undefined {
  const slash = name.indexOf("/");
  if (slash <= 0 || slash === name.length - 1) return undefined;
  return { library: name.slice(0, slash), name: name.slice(slash + 1) };
}

/**
 * RS: as vm-operator pkg/util/vmopv1/vm.go ResolveImageName, and GetImage of image.go for a reference with a kind.
 * Images being deleted are candidates, and the same object name in both scopes is two candidates.
 */
function findStrictly(index: ImageIndex, query: ImageQuery): Found {
  if (query.kind !== undefined || query.name.startsWith(VMI_ID_PREFIX)) return searchObjectName(index, query);
  const unsynced = VM_IMAGE_KINDS.find((kind) => !index.isSynced(kind));
  if (unsynced !== undefined) return { is: "notSynced", kind: unsynced };
  const candidates = VM_IMAGE_KINDS.flatMap((kind) => scopeOf(index, kind, query.namespace).byDisplayName(query.name));
  const [image, ...others] = candidates;
  if (image === undefined) return undefined;
  if (others.length > 0) return { is: "ambiguous", candidates, matchedBy: "displayName" };
  return { is: "resolved", image, matchedBy: "displayName" };
}
