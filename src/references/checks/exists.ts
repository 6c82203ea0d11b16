import {
  type Image,
  type ImageKind,
  IMAGE_KIND_ROWS,
  isClusterScopedVmImage,
  libraryOf,
  VM_IMAGE_KINDS,
  VMI_ID_PREFIX,
} from "../../images/image.ts";
import { hasClusterScopedVmImages } from "../../images/image-index.ts";
import { nearMatches } from "../../images/near-matches.ts";
import type { Ambiguous } from "../../images/resolve.ts";
import { mayUse } from "../../osimage/access.ts";
import { isAdmittedAsSent } from "../admitted-as-sent.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, plain, quote } from "../problem.ts";
import { fieldOf, type Reference } from "../reading.ts";
import { kindMeant, queryOf } from "../reference-image.ts";

/** Beyond this many, candidates are counted. */
const MOST_CANDIDATES_LISTED = 5;

/**
 * So many misses of one object come with what may have been meant: each takes a search through all names, and who wrote
 * a thousand wrong ones made one mistake.
 */
const MOST_WITH_NEAR_MATCHES = 10;

/** Where a name was looked for, and how. */
interface Search {
  /** Undefined where VirtualMachineImages are images of the cluster. */
  readonly namespace: string | undefined;
  readonly strict: boolean;
}

/** A reference names exactly one image that this namespace may use. */
export function exists(context: ReviewContext): readonly FieldProblem[] {
  const { namespace } = context.subject;
  const strict = context.policy.resolution === "strict";
  const isOfCluster = hasClusterScopedVmImages(context.index, namespace);
  const search = { namespace: isOfCluster ? undefined : namespace, strict };
  return context.judged
    .filter((judged) => judged.is === "unresolved")
    .map(({ by, resolution }, position) => {
      const problem = { check: "exists", field: fieldOf(by.namePath), value: by.name } as const;
      if (resolution.is === "ambiguous") {
        return { ...problem, reason: "FieldValueInvalid", why: ambiguous(resolution, search) };
      }
      const near = position < MOST_WITH_NEAR_MATCHES ? nearMatches(context.index, queryOf(context, by)) : [];
      const usable = near.filter((image) => mayUse(context, image));
      const onlyWarns = isAdmittedAsSent(context, by);
      return { ...problem, reason: "FieldValueNotFound", why: notFound(by, usable, search), onlyWarns };
    });
}

function ambiguous({ candidates, matchedBy }: Ambiguous, { namespace, strict }: Search): string {
  const listed = candidates.slice(0, MOST_CANDIDATES_LISTED).map(inItsLibrary).join(", ");
  const more = candidates.length - MOST_CANDIDATES_LISTED;
  const libraries = new Set(candidates.map(libraryOf));
  const librariesTellThemApart =
    !strict && matchedBy === "displayName" && libraries.size === candidates.length && !libraries.has(undefined);
  const ids = candidates.some(hasNameByPeople) ? "object names" : "IDs";
  const remedy = `use one of these ${ids}${librariesTellThemApart ? ", or LIBRARY/NAME" : ""}`;
  return (
    `ambiguous: ${candidates.length} ${placeOf(candidates, namespace)} have this display name` +
    `${matchedBy === "libraryName" ? " and library" : ""}: ${listed}${more > 0 ? ` and ${more} more` : ""}; ${remedy}`
  );
}

/** Of other images the object name is a VMI ID. */
function hasNameByPeople(image: Image): boolean {
  return IMAGE_KIND_ROWS[image.kind].namedByPeople || isClusterScopedVmImage(image);
}

function inItsLibrary(image: Image): string {
  const [name, library] = [plain(image.name), libraryOf(image)];
  return library === undefined ? name : `${name} (${plain(library)})`;
}

/** `images in namespace "dev" and the cluster`, `OSImages` */
function placeOf(candidates: readonly Image[], namespace: string | undefined): string {
  if (candidates.some(({ kind }) => kind === "OSImage")) return "OSImages";
  const places = { VirtualMachineImage: placeOfVmImages(namespace), ClusterVirtualMachineImage: "the cluster" };
  const named = VM_IMAGE_KINDS.filter((kind) => candidates.some((image) => image.kind === kind));
  return `images in ${[...new Set(named.map((kind) => places[kind]))].join(" and ")}`;
}

function placeOfVmImages(namespace: string | undefined): string {
  return namespace === undefined ? "the cluster" : `namespace ${quote(namespace)}`;
}

function notFound(by: Reference, near: readonly Image[], { namespace, strict }: Search): string {
  const kind = kindMeant(by);
  return `${nowhere(kind, namespace)} has this ${namesSearched(by, kind, strict)}; ${remedyOf(by, near, namespace)}`;
}

function nowhere(kind: ImageKind | undefined, namespace: string | undefined): string {
  switch (kind) {
    case undefined:
      return `no image in ${namespace === undefined ? "" : `namespace ${quote(namespace)} or `}the cluster`;
    case "VirtualMachineImage":
      return `no VirtualMachineImage in ${placeOfVmImages(namespace)}`;
    case "ClusterVirtualMachineImage":
    case "OSImage":
      return `no ${kind}`;
  }
}

function namesSearched({ name }: Reference, kind: ImageKind | undefined, strict: boolean): string {
  if (!strict) return "display name or object name";
  return kind !== undefined || name.startsWith(VMI_ID_PREFIX) ? "object name" : "display name";
}

function remedyOf(by: Reference, near: readonly Image[], namespace: string | undefined): string {
  if (near.length === 0) return `${listing(by, namespace)} lists what can be written`;
  const suggestions = near.map((image) => suggestion(image, by));
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

function suggestion({ displayName, name, kind }: Image, by: Reference): string {
  const inOtherKind = by.kind !== "" && by.kind !== kind ? ` of kind ${kind}` : "";
  return displayName === undefined
    ? `${quote(name)}${inOtherKind}`
    : `${quote(displayName)} (${plain(name)})${inOtherKind}`;
}
