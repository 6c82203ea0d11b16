import { fieldOf } from "../../common/field-path.ts";
import {
  type Image,
  type ImageKind,
  IMAGE_KIND_ROWS,
  isClusterScopedVmImage,
  libraryOf,
  VMI_ID_PREFIX,
} from "../../images/image.ts";
import { hasClusterScopedVmImages, type ImageQuery } from "../../images/image-index.ts";
import { oddityOf } from "../../images/name-similarity.ts";
import { nearMatches } from "../../images/near-matches.ts";
import { type Ambiguous, literalName } from "../../images/resolve.ts";
import type { CheckFacts } from "../check.ts";
import type { ResolvedContext } from "../context.ts";
import { type FieldError, plain, quote } from "../field-error.ts";
import type { Reference } from "../parse.ts";
import { searchedKind } from "../resolve-reference.ts";

/** One row of each check table that has this check. */
export const EXISTS = {
  id: "exists",
  level: "deny",
  mutate: "before",
  rule: "a reference names exactly one image visible to this namespace",
} as const satisfies CheckFacts;

/** Candidates beyond this many are counted. */
const MAX_CANDIDATES_LISTED = 5;

/**
 * Errors of one object that come with near matches: each takes a search through all names, and a thousand wrong names in
 * one object are one mistake.
 */
const MAX_WITH_NEAR_MATCHES = 10;

/** What differs between image systems. */
export interface ExistsOptions<C> {
  /** Where candidates of these images are: `images in namespace "dev" and the cluster`. */
  readonly placeOf: (candidates: readonly Image[], namespace: string | undefined) => string;
  /** Says that there is no image: `no image in namespace "dev" or the cluster`. */
  readonly noImage: (kind: ImageKind | undefined, namespace: string | undefined) => string;
  /** Whether a near match may be suggested to the caller. */
  readonly isUsable: (context: C, image: Image) => boolean;
  /** Whether the object is admitted all the same, with a warning. */
  readonly isAdmittedAsSent: (context: C, reference: Reference) => boolean;
}

interface Search {
  /** Undefined where VirtualMachineImages are cluster-scoped. */
  readonly namespace: string | undefined;
  readonly strict: boolean;
}

/** A name that no image has. */
interface Miss {
  readonly context: ResolvedContext;
  readonly reference: Reference;
  readonly query: ImageQuery;
  readonly search: Search;
}

/** A reference names exactly one image that this namespace may use. */
export function exists<C extends ResolvedContext>(texts: ExistsOptions<C>): (context: C) => readonly FieldError[] {
  return (context) => {
    const unresolved = context.lookups.filter((lookup) => lookup.is === "unresolved");
    if (unresolved.length === 0) return [];
    const { namespace } = context.target;
    const isClusterScoped = hasClusterScopedVmImages(context.index, namespace);
    const strict = context.policy.resolution === "strict";
    const search: Search = { namespace: isClusterScoped ? undefined : namespace, strict };
    return unresolved.map((lookup, position) => {
      const { reference, query, resolution } = lookup;
      const error = { check: "exists", field: fieldOf(reference.namePath), value: query.name };
      if (resolution.is === "ambiguous") {
        return { ...error, reason: "FieldValueInvalid", why: ambiguous(resolution, search, texts) };
      }
      const near = position < MAX_WITH_NEAR_MATCHES ? nearMatches(context.index, query) : [];
      const usable = near.filter((image) => texts.isUsable(context, image));
      const onlyWarns = texts.isAdmittedAsSent(context, reference);
      const why = notFound({ context, reference, query, search }, usable, texts);
      return { ...error, reason: "FieldValueNotFound", why, onlyWarns };
    });
  };
}

function ambiguous<C>(
  { candidates, matchedBy }: Ambiguous,
  { namespace, strict }: Search,
  { placeOf }: ExistsOptions<C>,
): string {
  const listed = candidates.slice(0, MAX_CANDIDATES_LISTED).map(nameWithLibrary).join(", ");
  const more = candidates.length - MAX_CANDIDATES_LISTED;
  const libraries = new Set(candidates.map(libraryOf));
  const librariesDiffer =
    !strict && matchedBy === "displayName" && libraries.size === candidates.length && !libraries.has(undefined);
  const ids = candidates.some(hasChosenName) ? "object names" : "IDs";
  const remedy = `use one of these ${ids}${librariesDiffer ? ", or LIBRARY/NAME" : ""}`;
  return (
    `ambiguous: ${candidates.length} ${placeOf(candidates, namespace)} have this display name` +
    `${matchedBy === "libraryName" ? " and library" : ""}: ${listed}${more > 0 ? ` and ${more} more` : ""}; ${remedy}`
  );
}

/** The object name of any other image is a VMI ID. */
function hasChosenName(image: Image): boolean {
  return IMAGE_KIND_ROWS[image.kind].namedByPeople || isClusterScopedVmImage(image);
}

function nameWithLibrary(image: Image): string {
  const [name, library] = [plain(image.name), libraryOf(image)];
  return library === undefined ? name : `${name} (${plain(library)})`;
}

function notFound<C>(miss: Miss, near: readonly Image[], { noImage }: ExistsOptions<C>): string {
  const { reference, query, search } = miss;
  const kind = searchedKind(reference);
  const names = namesSearched(query.name, kind, search.strict);
  const oddity = oddityOf(query.name);
  const odd = oddity === undefined ? "" : `; the name ${oddity}`;
  return `${noImage(kind, search.namespace)} has this ${names}${odd}; ${remedyOf(miss, near)}`;
}

function namesSearched(name: string, kind: ImageKind | undefined, strict: boolean): string {
  if (!strict) return "display name or object name";
  return kind !== undefined || name.startsWith(VMI_ID_PREFIX) ? "object name" : "display name";
}

function remedyOf(miss: Miss, near: readonly Image[]): string {
  if (near.length === 0) return `${listing(miss.reference, miss.search.namespace)} lists what can be written`;
  const suggestions = near.map((image) => suggestion(image, miss));
  const last = suggestions.pop();
  return `did you mean ${suggestions.length === 0 ? "" : `${suggestions.join(", ")} or `}${last}?`;
}

/** The command that shows all images which a reference could name. */
function listing({ images }: Reference, namespace: string | undefined): string {
  const rows = images.map((kind) => IMAGE_KIND_ROWS[kind]);
  const hasNamespace = namespace !== undefined && rows.some(({ scope }) => scope === "Namespaced");
  const inNamespace = hasNamespace ? ` -n ${plain(namespace)}` : "";
  return `kubectl get ${rows.map(({ resource }) => resource).join(",")}${inNamespace}`;
}

/** The name that means this image where it is written literally, with its other name. */
function suggestion(image: Image, { context, reference, query }: Miss): string {
  const { name, kind } = image;
  const literal = literalName(context.index, { ...query, kind: query.kind && kind }, image, context.policy.resolution);
  const other = literal === name ? image.displayName : name;
  const inOtherKind = reference.kind !== undefined && reference.kind !== kind ? ` of kind ${kind}` : "";
  return `${quote(literal)}${other === undefined ? "" : ` (${plain(other)})`}${inOtherKind}`;
}
