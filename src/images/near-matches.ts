import { distance } from "fastest-levenshtein";
import { type Image, IMAGE_KIND_ROWS, isVmImageKind, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "./image.ts";
import { hasClusterScopedVmImages, type ImageIndex, type ImageQuery, kindsSearched, scopeOf } from "./image-index.ts";
import { foldName, type ImageScope } from "./scoped-images.ts";

/** More suggestions than a person reads are noise. */
const MAX_MATCHES = 3;
/** Bounds the time of a refusal: 5,000 names of 20 characters take about 2 ms. */
const MAX_NAMES_COMPARED = 5_000;
/** Kubernetes object names end at 253 characters; what is longer was not mistyped but pasted. */
const MAX_NAME_LENGTH = 253;
/** Two names are alike if at most a third of the written one must change. */
const MAX_EDIT_SHARE = 1 / 3;

/**
 * R7: images that a person may have meant by a name that nothing answers to, best first: the same name in the
 * scope that the kind left out; equal but for letter case and outer spaces; then few edits away. Only images that
 * this namespace may use.
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
  for (const term of terms) for (const scope of scopes) yield* equalButForCase(scope, term);
  const namedByPeople = hasNamesByPeople(index, query);
  for (const term of terms) {
    yield* fewEditsAway(scopes, term, namedByPeople || foldName(term).startsWith(VMI_ID_PREFIX));
  }
}

function hasNamesByPeople(index: ImageIndex, { kind, namespace }: ImageQuery): boolean {
  if (kind !== undefined && IMAGE_KIND_ROWS[kind].namedByPeople) return true;
  return kindsSearched({ kind }).includes("VirtualMachineImage") && hasClusterScopedVmImages(index, namespace);
}

/** LIBRARY/NAME with a library that does not hold NAME: NAME by itself may be what helps. */
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

function* equalButForCase(scope: ImageScope, term: string): Iterable<Image> {
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

/** Display names; object names too where one may have been mistyped. Namespace first, as the scopes come. */
function* namesIn(scopes: readonly ImageScope[], withObjectNames: boolean): Iterable<Omit<NearName, "edits">> {
  for (const scope of scopes) {
    if (withObjectNames) for (const name of scope.objectNames()) yield { scope, name };
    for (const name of scope.displayNames()) yield { scope, name };
  }
}
