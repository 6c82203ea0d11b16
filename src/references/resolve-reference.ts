import type { Image, ImageKind } from "../images/image.ts";
import type { ImageQuery } from "../images/image-index.ts";
import { isNameOf, type NotSynced, type Resolution, resolve } from "../images/resolve.ts";
import type { ReviewContext } from "./context.ts";
import type { Reference } from "./parse.ts";

/** What a reference means now. */
export type Lookup =
  | { readonly is: "resolved"; readonly reference: Reference; readonly image: Image }
  | {
      readonly is: "unresolved";
      readonly reference: Reference;
      readonly query: ImageQuery;
      readonly resolution: Exclude<Resolution, { is: "resolved" | "notSynced" }>;
    }
  | { readonly is: "unsupportedKind"; readonly reference: Reference; readonly kind: string }
  /** A reference with a kind and no name, or a CD-ROM without an image. */
  | { readonly is: "nameless"; readonly reference: Reference }
  | (NotSynced & { readonly reference: Reference });

/** Looks one reference up, whether it has a kind or not. */
export function resolveReference(context: ReviewContext, reference: Reference): Lookup {
  if (reference.name === undefined) return { is: "nameless", reference };
  if (!hasSupportedKind(reference)) return { is: "unsupportedKind", reference, kind: reference.kind ?? "" };
  const query = queryOf(context, reference, reference.name);
  const resolution = resolve(context.index, query, context.policy.resolution);
  switch (resolution.is) {
    case "notSynced":
      return { ...resolution, reference };
    case "ambiguous":
    case "notFound":
      return { is: "unresolved", reference, query, resolution };
    case "resolved":
      return { is: "resolved", reference, image: resolution.image };
  }
}

/** The query of a name at the place of a reference. */
export function queryOf({ target }: Pick<ReviewContext, "target">, reference: Reference, name: string): ImageQuery {
  return { namespace: target.namespace, name, kind: searchedKind(reference) };
}

/** Whether a reference's kind, if it has one, is one that it can name. */
export function hasSupportedKind({ kind, images }: Reference): boolean {
  return kind === undefined || images.some((each) => each === kind);
}

/** The kind to search for a reference's name; undefined where it may be any that machines boot from. */
export function searchedKind({ kind, images }: Reference): ImageKind | undefined {
  return kind === undefined && images.length === 1 ? images[0] : images.find((each) => each === kind);
}

/** Whether a name is one of this image's; the same object name in the other scope is the same image (R5). */
export function isNamedBy({ index, policy }: ReviewContext, image: Image, name: string): boolean {
  if (isNameOf(image, name, policy.resolution)) return true;
  const twin = index.cluster().byObjectName(image.name);
  return twin !== undefined && isNameOf(twin, name, policy.resolution);
}

/** Whether there is no reference, or one without name and kind. */
export function isEmpty(reference: Reference | undefined): boolean {
  return reference?.name === undefined && reference?.kind === undefined;
}

export function isSame(one: Reference | undefined, other: Reference | undefined): boolean {
  return one?.name === other?.name && one?.kind === other?.kind;
}
