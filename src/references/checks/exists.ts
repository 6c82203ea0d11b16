import { type Image, type ImageKind, IMAGE_KIND_ROWS, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "../../images/image.ts";
import { nearMatches } from "../../images/near-matches.ts";
import type { Ambiguous } from "../../images/resolve.ts";
import { mayUse } from "../../osimage/access.ts";
import { isAdmittedAsSent } from "../admitted-as-sent.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, plain, quote } from "../problem.ts";
import { fieldOf, type Reference } from "../reading.ts";
import { kindMeant, queryOf } from "../reference-image.ts";

/** Beyond this many, candidates are counted; design section 7. */
const MOST_CANDIDATES_LISTED = 5;

/**
 * So many misses of one object come with what may have been meant: each takes a search through all names, and who wrote
 * a thousand wrong ones made one mistake.
 */
const MOST_WITH_NEAR_MATCHES = 10;

/** A reference names exactly one image that this namespace may use. */
export function exists(context: ReviewContext): readonly FieldProblem[] {
  const { namespace } = context.subject;
  const strict = context.policy.resolution === "strict";
  return context.judged
    .filter((judged) => judged.is === "unresolved")
    .map(({ by, resolution }, position) => {
      const problem = { check: "exists", field: fieldOf(by.namePath), value: by.name } as const;
      if (resolution.is === "ambiguous") {
        return { ...problem, reason: "FieldValueInvalid", why: ambiguous(resolution, namespace, strict) };
      }
      const near = position < MOST_WITH_NEAR_MATCHES ? nearMatches(context.index, queryOf(context, by)) : [];
      const usable = near.filter((image) => mayUse(context, image));
      const onlyWarns = isAdmittedAsSent(context, by);
      return { ...problem, reason: "FieldValueNotFound", why: notFound(by, usable, namespace, strict), onlyWarns };
    });
}

function ambiguous({ candidates, by }: Ambiguous, namespace: string, strict: boolean): string {
  const listed = candidates.slice(0, MOST_CANDIDATES_LISTED).map(inItsLibrary).join(", ");
  const more = candidates.length - MOST_CANDIDATES_LISTED;
  const libraries = new Set(candidates.map(({ library }) => library));
  const librariesTellThemApart =
    !strict && by === "displayName" && libraries.size === candidates.length && !libraries.has(undefined);
  const ids = candidates.some(({ kind }) => IMAGE_KIND_ROWS[kind].namedByPeople) ? "object names" : "IDs";
  const remedy = `use one of these ${ids}${librariesTellThemApart ? ", or LIBRARY/NAME" : ""}`;
  return (
    `ambiguous: ${candidates.length} ${placeOf(candidates, namespace)} have this display name` +
    `${by === "libraryName" ? " and library" : ""}: ${listed}${more > 0 ? ` and ${more} more` : ""}; ${remedy}`
  );
}

function inItsLibrary({ name, library }: Image): string {
  return library === undefined ? plain(name) : `${plain(name)} (${plain(library)})`;
}

/** `images in namespace "dev" and the cluster`, `OSImages` */
function placeOf(candidates: readonly Image[], namespace: string): string {
  if (candidates.some(({ kind }) => kind === "OSImage")) return "OSImages";
  const places = { VirtualMachineImage: `namespace ${quote(namespace)}`, ClusterVirtualMachineImage: "the cluster" };
  const named = VM_IMAGE_KINDS.filter((kind) => candidates.some((image) => image.kind === kind));
  return `images in ${named.map((kind) => places[kind]).join(" and ")}`;
}

function notFound(by: Reference, near: readonly Image[], namespace: string, strict: boolean): string {
  const kind = kindMeant(by);
  return `${nowhere(kind, namespace)} has this ${namesSearched(by, kind, strict)}; ${remedyOf(by, near, namespace)}`;
}

function nowhere(kind: ImageKind | undefined, namespace: string): string {
  switch (kind) {
    case undefined:
      return `no image in namespace ${quote(namespace)} or the cluster`;
    case "VirtualMachineImage":
      return `no VirtualMachineImage in namespace ${quote(namespace)}`;
    case "ClusterVirtualMachineImage":
    case "OSImage":
      return `no ${kind}`;
  }
}

function namesSearched({ name }: Reference, kind: ImageKind | undefined, strict: boolean): string {
  if (!strict) return "display name or object name";
  return kind !== undefined || name.startsWith(VMI_ID_PREFIX) ? "object name" : "display name";
}

function remedyOf(by: Reference, near: readonly Image[], namespace: string): string {
  if (near.length === 0) return `${listing(by, namespace)} lists what can be written`;
  const suggestions = near.map((image) => suggestion(image, by));
  const last = suggestions.pop();
  return `did you mean ${suggestions.length === 0 ? "" : `${suggestions.join(", ")} or `}${last}?`;
}

/** The command that shows all images which a reference could name. */
function listing({ images }: Reference, namespace: string): string {
  const rows = images.map((kind) => IMAGE_KIND_ROWS[kind]);
  const inNamespace = rows.some(({ scope }) => scope === "Namespaced") ? ` -n ${plain(namespace)}` : "";
  return `kubectl get ${rows.map(({ resource }) => resource).join(",")}${inNamespace}`;
}

function suggestion({ displayName, name, kind }: Image, by: Reference): string {
  const inOtherKind = by.kind !== "" && by.kind !== kind ? ` of kind ${kind}` : "";
  return displayName === undefined
    ? `${quote(name)}${inOtherKind}`
    : `${quote(displayName)} (${plain(name)})${inOtherKind}`;
}
