import { fieldOf } from "../../common/field-path.ts";
import type { Image, ImageKind } from "../../images/image.ts";
import { hasClusterScopedVmImages } from "../../images/image-index.ts";
import { nearMatches } from "../../images/near-matches.ts";
import { ambiguousName } from "../ambiguous-name.ts";
import type { CheckFacts } from "../check.ts";
import type { ResolvedContext } from "../context.ts";
import type { FieldError } from "../field-error.ts";
import type { Reference } from "../parse.ts";
import { searchedKind } from "../resolve-reference.ts";
import { unknownName } from "../unknown-name.ts";

/** One row of each check table that has this check. */
export const EXISTS = {
  id: "exists",
  level: "deny",
  mutate: "before",
  rule: "a reference names exactly one image visible to this namespace",
} as const satisfies CheckFacts;

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

/** A reference names exactly one image that this namespace may use. */
export function exists<C extends ResolvedContext>(options: ExistsOptions<C>): (context: C) => readonly FieldError[] {
  return (context) => {
    const unresolved = context.lookups.filter((lookup) => lookup.is === "unresolved");
    if (unresolved.length === 0) return [];
    const { index, policy, target } = context;
    const namespace = hasClusterScopedVmImages(index, target.namespace) ? undefined : target.namespace;
    return unresolved.map(({ reference, query, resolution }, position) => {
      const error = { check: "exists", field: fieldOf(reference.namePath), value: query.name };
      if (resolution.is === "ambiguous") {
        const place = options.placeOf(resolution.candidates, namespace);
        const isStrict = policy.resolution === "strict";
        return { ...error, reason: "FieldValueInvalid", ...ambiguousName(resolution, place, isStrict) };
      }
      const near = position < MAX_WITH_NEAR_MATCHES ? nearMatches(index, query) : [];
      const usable = near.filter((image) => options.isUsable(context, image));
      const noImage = options.noImage(searchedKind(reference), namespace);
      const onlyWarns = options.isAdmittedAsSent(context, reference);
      const unknown = { context, reference, query, namespace };
      return { ...error, reason: "FieldValueNotFound", ...unknownName(unknown, usable, noImage), onlyWarns };
    });
  };
}
