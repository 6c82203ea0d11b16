import { type Image, VM_IMAGE_KINDS, VMI_ID_PREFIX } from "../../images/image.ts";
import type { Ambiguous } from "../../images/resolve.ts";
import { judgedReferences, type ReviewContext } from "../context.ts";
import { type FieldProblem, plain, quote } from "../problem.ts";
import { fieldOf, type Reference } from "../reading.ts";

/** Beyond this many, candidates are counted; design section 7. */
const MOST_CANDIDATES_LISTED = 5;

/** A reference names exactly one image that this namespace may use. */
export function* exists(context: ReviewContext): Iterable<FieldProblem> {
  const { namespace } = context.subject;
  const strict = context.policy.resolution === "strict";
  for (const judged of judgedReferences(context)) {
    if (judged.is !== "unresolved") continue;
    const { by, resolution } = judged;
    const problem = { check: "exists", field: fieldOf(by.namePath), value: by.name } as const;
    yield resolution.is === "ambiguous"
      ? { ...problem, reason: "FieldValueInvalid", why: ambiguous(resolution, namespace, strict) }
      : { ...problem, reason: "FieldValueNotFound", why: notFound(by, resolution.near, namespace, strict) };
  }
}

function ambiguous({ candidates, by }: Ambiguous, namespace: string, strict: boolean): string {
  const listed = candidates.slice(0, MOST_CANDIDATES_LISTED).map(inItsLibrary).join(", ");
  const more = candidates.length - MOST_CANDIDATES_LISTED;
  const libraries = new Set(candidates.map(({ library }) => library));
  const librariesTellThemApart =
    !strict && by === "displayName" && libraries.size === candidates.length && !libraries.has(undefined);
  const remedy = `use one of these IDs${librariesTellThemApart ? ", or LIBRARY/NAME" : ""}`;
  return (
    `ambiguous: ${candidates.length} images in ${placeOf(candidates, namespace)} have this display name` +
    `${by === "libraryName" ? " and library" : ""}: ${listed}${more > 0 ? ` and ${more} more` : ""}; ${remedy}`
  );
}

function inItsLibrary({ name, library }: Image): string {
  return library === undefined ? plain(name) : `${plain(name)} (${plain(library)})`;
}

function placeOf(candidates: readonly Image[], namespace: string): string {
  const places = { VirtualMachineImage: `namespace ${quote(namespace)}`, ClusterVirtualMachineImage: "the cluster" };
  return VM_IMAGE_KINDS.filter((kind) => candidates.some((image) => image.kind === kind))
    .map((kind) => places[kind])
    .join(" and ");
}

function notFound(by: Reference, near: readonly Image[], namespace: string, strict: boolean): string {
  const places = {
    "": `no image in namespace ${quote(namespace)} or the cluster`,
    VirtualMachineImage: `no VirtualMachineImage in namespace ${quote(namespace)}`,
    ClusterVirtualMachineImage: "no ClusterVirtualMachineImage",
  };
  const place = places[by.kind as keyof typeof places];
  return `${place} has this ${namesSearched(by, strict)}; ${remedyOf(by, near, namespace)}`;
}

function namesSearched({ name, kind }: Reference, strict: boolean): string {
  if (!strict) return "display name or object name";
  return kind !== "" || name.startsWith(VMI_ID_PREFIX) ? "object name" : "display name";
}

function remedyOf(by: Reference, near: readonly Image[], namespace: string): string {
  if (near.length === 0) return `kubectl get vmi,cvmi -n ${plain(namespace)} lists what can be written`;
  const suggestions = near.map((image) => suggestion(image, by));
  const last = suggestions.pop();
  return `did you mean ${suggestions.length === 0 ? "" : `${suggestions.join(", ")} or `}${last}?`;
}

function suggestion({ displayName, name, kind }: Image, by: Reference): string {
  const inOtherKind = by.kind !== "" && by.kind !== kind ? ` of kind ${kind}` : "";
  return displayName === undefined
    ? `${quote(name)}${inOtherKind}`
    : `${quote(displayName)} (${plain(name)})${inOtherKind}`;
}
