import { type Image, type ImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import type { ImageQuery } from "../images/image-index.ts";
import { oddityOf } from "../images/name-similarity.ts";
import { literalName } from "../images/resolve.ts";
import type { ReviewContext } from "./context.ts";
import { type FieldError, plain, quote } from "./field-error.ts";
import { kubectlGet } from "./list-command.ts";
import type { Reference } from "./parse.ts";
import { searchedKind } from "./resolve-reference.ts";

/** A name that no image has. */
export interface UnknownName {
  readonly context: ReviewContext;
  readonly reference: Reference;
  readonly query: ImageQuery;
  /** Undefined where VirtualMachineImages are cluster-scoped. */
  readonly namespace: string | undefined;
}

/** Why an unknown name is refused, and what to do. `noImage`: `no image in namespace "dev" or the cluster`. */
export function unknownName(
  unknown: UnknownName,
  near: readonly Image[],
  noImage: string,
): Pick<FieldError, "why" | "remedy"> {
  const { context, reference, query } = unknown;
  const names = namesSearched(query.name, searchedKind(reference), context.policy.resolution === "strict");
  const oddity = oddityOf(query.name);
  const odd = oddity === undefined ? "" : `; the name ${oddity}`;
  return { why: `${noImage} has this ${names}${odd}`, remedy: remedyOf(unknown, near) };
}

function namesSearched(name: string, kind: ImageKind | undefined, strict: boolean): string {
  if (!strict) return "display name or object name";
  return kind !== undefined || name.startsWith(VMI_ID_PREFIX) ? "object name" : "display name";
}

function remedyOf(unknown: UnknownName, near: readonly Image[]): string {
  if (near.length === 0) return `${kubectlGet(unknown.reference.images, unknown.namespace)} lists what can be written`;
  const suggestions = near.map((image) => suggestion(image, unknown));
  const last = suggestions.pop();
  return `did you mean ${suggestions.length === 0 ? "" : `${suggestions.join(", ")} or `}${last}?`;
}

/** The name that means this image where it is written literally, with its other name. */
function suggestion(image: Image, { context, reference, query }: UnknownName): string {
  const { name, kind } = image;
  const literal = literalName(context.index, { ...query, kind: query.kind && kind }, image, context.policy.resolution);
  const other = literal === name ? image.displayName : name;
  const inOtherKind = reference.kind !== undefined && reference.kind !== kind ? ` of kind ${kind}` : "";
  return `${quote(literal)}${other === undefined ? "" : ` (${plain(other)})`}${inOtherKind}`;
}
