import type { ImageKind } from "../images/image.ts";
import { MAX_ANNOTATION_BYTES } from "../references/annotation-limit.ts";
import { activeChecks } from "../references/check.ts";
import { unsyncedCreatedKind } from "../references/created-name.ts";
import { typeCheck } from "../references/checks/type.ts";
import { evaluate, refusedBeforeParsing } from "../references/evaluate.ts";
import type { Evaluate, ImageSystem } from "../references/image-system.ts";
import { excessReferences, placeCounts } from "../references/reference-limit.ts";
import { OS_IMAGE_CHECKS } from "./check-table.ts";
import { type OsImageContext, osImageContext } from "./context.ts";
import type { OsImagePolicy } from "./policy.ts";
import { rewriteProperties } from "./properties.ts";
import { malformedIn } from "./reviewed-image.ts";
import { OS_IMAGE_ROWS } from "./rows.ts";

/** Bytes that are left free for the annotations of others. */
const LEFT_FREE = 1_024;
const ANNOTATION_ROOM = MAX_ANNOTATION_BYTES - LEFT_FREE;

/** NodeProviders, NodeClaims, Machines and OSImages of vCluster Platform. */
export const OS_IMAGES: ImageSystem<OsImagePolicy> = { rows: OS_IMAGE_ROWS, checks: OS_IMAGE_CHECKS, evaluatorFor };

function evaluatorFor(policy: OsImagePolicy): Evaluate {
  const checks = [
    typeCheck<OsImageContext>(({ target }) => malformedIn(target)),
    ...activeChecks(OS_IMAGE_CHECKS, policy.levels),
  ];
  const checksCollisions = checks.some(({ row }) => row.id === "osimage-display-name");
  return (target, index) => {
    const tooMany = excessReferences(placeCounts(target));
    if (tooMany.length > 0) return refusedBeforeParsing(tooMany);
    return evaluate(target, {
      checks,
      contextOf: (each) => osImageContext(each, index, policy),
      unsyncedKind: (context) => unsyncedKind(context) ?? unsyncedKindForCollisions(context, checksCollisions),
      rewrite: rewriteProperties,
      annotationRoom: () => ANNOTATION_ROOM,
      unresolvedQueries: () => [],
    });
  };
}

function unsyncedKind({ properties }: OsImageContext): ImageKind | undefined {
  const results = properties.flatMap(({ change, lookup }) => [change, lookup]);
  return results.find((result) => result?.is === "notSynced")?.kind;
}

function unsyncedKindForCollisions(context: OsImageContext, asks: boolean): ImageKind | undefined {
  if (!asks || context.target.endpoint !== "validate") return undefined;
  return unsyncedCreatedKind(context);
}
