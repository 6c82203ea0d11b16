import { distance } from "fastest-levenshtein";
import { type Image, IMAGE_KIND_ROWS, isVmImageKind, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "./image.ts";
import { hasClusterScopedVmImages, type ImageIndex, type ImageQuery, kindsSearched, scopeOf } from "./image-index.ts";
import { foldName, type ImageScope } from "./scoped-images.ts";

/** People read only a few suggestions. */
const MAX_MATCHES = 3;
/** Limits the time of a refusal: 5,000 names of 20 characters take about 2 ms. */
const MAX_NAMES_COMPARED = 5_000;
/** The limit of Kubernetes object names. A longer text was pasted, not mistyped. */
const MAX_NAME_LENGTH = 253;
/** The share of the written name that may differ. */
const MAX_EDIT_SHARE = 1 / 3;

/**
 * R7: images that a person may have meant by a name that no image has. Only images that this namespace may use.
 * 1. Images of the same name, in the scope that the kind excludes.
 * 2. Images whose name is equal except for letter case and outer spaces.
 * 3. Images whose name is a few edits away, fewest edits first.
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
  if (query.kind !== undefined && isVmImageKind(query.kind)) yield* sameNameInOtherScope(index, query);
  const scopes = kindsSearched(query).map((kind) => scopeOf(index, kind, query.namespace));
  const terms = searchTerms(query.name);
  for (const term of terms) for (const scope of scopes) yield* equalExceptForCase(scope, term);
  const namedByPeople = hasNamesByPeople(index, query);
  for (const term of terms) {
    yield* fewEditsAway(scopes, term, namedByPeople || foldName(term).startsWith(VMI_ID_PREFIX));
  }
}

function hasNamesByPeople(index: ImageIndex, { kind, namespace }: ImageQuery): boolean {
  if (kind !== undefined && IMAGE_KIND_ROWS[kind].namedByPeople) return true;
  return kindsSearched({ kind }).includes("VirtualMachineImage") && hasClusterScopedVmImages(index, namespace);
}

/** For LIBRARY/NAME, NAME alone is searched, too: the image may be in another library. */
function searchTerms(name: string): readonly string[] {
  const slash = name.indexOf("/");
  return slash === -1 ? [name] : [name, name.slice(slash + 1)];
}

function* sameNameInOtherScope(index: ImageIndex, { namespace, name, kind }: ImageQuery): Iterable<Image> {
  for (const other of VM_IMAGE_KINDS.filter((each) => each !== kind)) {
    yield* imagesNamed(scopeOf(index, other, namespace), name);
  }
}

function* imagesNamed(scope: ImageScope, name: string): Iterable<Image> {
  const image = scope.byObjectName(name);
  if (image !== undefined) yield image;
  yield* scope.byDisplayName(name);
}

function* equalExceptForCase(scope: ImageScope, term: string): Iterable<Image> {
  const image = scope.byObjectName(foldName(term));
  if (image !== undefined) yield image;
  for (const displayName of scope.displayNamesLike(term)) yield* scope.byDisplayName(displayName);
}

interface NearName {
  readonly edits: number;
  readonly scope: ImageScope;
  readonly name: string;
}

function* fewEditsAway(scopes: readonly ImageScope[], term: string, withObjectNames: boolean): Iterable<Image> {
  const folded = foldName(term);
  const maxEdits = Math.floor(folded.length * MAX_EDIT_SHARE);
  if (maxEdits === 0 || folded.length > MAX_NAME_LENGTH) return;
  const near: NearName[] = [];
  let compared = 0;
  for (const { scope, name } of namesIn(scopes, withObjectNames)) {
    if (++compared > MAX_NAMES_COMPARED) break;
    if (Math.abs(name.length - folded.length) > maxEdits) continue;
    const edits = distance(folded, foldName(name));
    if (edits <= maxEdits) near.push({ edits, scope, name });
  }
  near.sort((a, b) => a.edits - b.edits);
  for (const { scope, name } of near) yield* imagesNamed(scope, name);
}

/** Display names, and object names if people may have mistyped one. In the order of the scopes: namespace first. */
function* namesIn(scopes: readonly ImageScope[], withObjectNames: boolean): Iterable<Omit<NearName, "edits">> {
  for (const scope of scopes) {
    if (withObjectNames) for (const name of scope.objectNames()) yield { scope, name };
    for (const name of scope.displayNames()) yield { scope, name };
  }
}
