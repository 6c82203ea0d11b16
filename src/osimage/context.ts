import type { ImageIndex } from "../images/image-index.ts";
import type { ChangingReference } from "../references/changing-reference.ts";
import { type ResolvedContext, reviewContext } from "../references/context.ts";
import type { AdmissionTarget } from "../references/target.ts";
import type { OsImagePolicy } from "./policy.ts";
import { osImageProperties } from "./properties.ts";

/** An object of vCluster Platform under review: parsed, compared and resolved once. */
export interface OsImageContext extends ResolvedContext {
  readonly policy: OsImagePolicy;
  /** Properties that name an OSImage. */
  readonly properties: readonly ChangingReference[];
}

export function osImageContext(target: AdmissionTarget, index: ImageIndex, policy: OsImagePolicy): OsImageContext {
  const context = reviewContext(target, index, policy);
  const properties = osImageProperties(context);
  return { ...context, properties, lookups: properties.flatMap(({ lookup }) => lookup ?? []) };
}
