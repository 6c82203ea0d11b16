import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import { at, textAt } from "../common/json.ts";
import type { Findings } from "../references/check.ts";
import { NO_FINDINGS } from "../references/check.ts";
import { usedImages } from "../references/context.ts";
import type { Evaluation } from "../references/evaluate.ts";
import type { FieldError } from "../references/field-error.ts";
import type { Lookup } from "../references/resolve-reference.ts";
import type { CompiledRow } from "../references/row.ts";
import type { AdmissionTarget, Endpoint } from "../references/target.ts";
import { auditAnnotations, type AuditAnnotations, NOTHING_TO_AUDIT } from "./audit.ts";
import { patchFor, type PatchOperation } from "./json-patch.ts";
import type { IsPrivileged } from "./privileged.ts";
import type { AdmissionRequest } from "./review.ts";
import { type SystemsPolicy, systemFinder } from "./systems.ts";

/** vm-operator pkg/builder/validating_webhook.go; only privileged callers may use it here. */
const SKIP_ANNOTATION = "vmoperator.vmware.com.protected/skip-validation";

export type Decision =
  | (Decided & {
      readonly is: "allowed";
      readonly patch: readonly PatchOperation[];
      readonly audit: AuditAnnotations;
    })
  | (Decided & { readonly is: "refused"; readonly errors: readonly FieldError[] })
  /** No decision: the API server has to ask another replica, or ask again later. */
  | { readonly is: "undecided"; readonly because: string; readonly lookups: readonly Lookup[] };

/** What log, metrics and live reads read of a decision. */
interface Decided {
  readonly warnings: readonly string[];
  /** Each reference that was looked up, once. */
  readonly lookups: readonly Lookup[];
  readonly findings: Findings;
  /** Object names of the images that the references mean. */
  readonly images: readonly string[];
  /** Names that decide and that the index does not have: an image may be too new for it. */
  readonly unresolvedQueries: readonly ImageQuery[];
}

/** The operator's choices. */
export interface AdmissionPolicy extends SystemsPolicy {
  readonly isPrivileged: IsPrivileged;
}

/** The whole of admission as one function: no I/O, no clock, no promise. */
export type Decide = (endpoint: Endpoint, request: AdmissionRequest, index: ImageIndex) => Decision;

const UNTOUCHED: Decision = {
  is: "allowed",
  patch: [],
  audit: NOTHING_TO_AUDIT,
  warnings: [],
  lookups: [],
  findings: NO_FINDINGS,
  images: [],
  unresolvedQueries: [],
};

/** Prepares what depends on the policy alone. */
export function decider(policy: AdmissionPolicy): Decide {
  const systemOf = systemFinder(policy);
  return (endpoint, request, index) => {
    const { group, version, kind } = request.kind;
    const system = systemOf(group, version, kind);
    const target = system === undefined ? undefined : targetOf(endpoint, request, system.rows, policy);
    if (system === undefined || target === undefined) return UNTOUCHED;
    if (target.skipsChecks && endpoint === "validate") return UNTOUCHED;
    return decisionOf(target, system.evaluate(target, index));
  };
}

function decisionOf({ object, endpoint }: AdmissionTarget, evaluation: Evaluation): Decision {
  const { lookups } = evaluation;
  if (evaluation.is === "undecided") {
    return { is: "undecided", because: `the index has no complete list of ${evaluation.kind} yet`, lookups };
  }
  const { warnings, findings, unresolvedQueries } = evaluation;
  const images = usedImages(lookups).map(({ image }) => image.name);
  const decided: Decided = { warnings, lookups, findings, images, unresolvedQueries };
  if (evaluation.is === "refused") return { is: "refused", errors: evaluation.errors, ...decided };
  if (endpoint === "validate") return { is: "allowed", patch: [], audit: NOTHING_TO_AUDIT, ...decided };
  const { edits, pins } = evaluation;
  return { is: "allowed", patch: patchFor(object, edits), audit: auditAnnotations(pins), ...decided };
}

/** The object under review; undefined for one that is allowed untouched (M16). */
function targetOf(
  endpoint: Endpoint,
  request: AdmissionRequest,
  rows: readonly CompiledRow[],
  { isPrivileged }: AdmissionPolicy,
): AdmissionTarget | undefined {
  const { operation, object, oldObject, namespace, user } = request;
  if (request.subResource !== undefined || object === undefined) return undefined;
  if (operation !== "CREATE" && operation !== "UPDATE") return undefined;
  if (textAt(oldObject, ["metadata", "deletionTimestamp"]) !== "") return undefined;
  const root = rows[0]?.root ?? [];
  const privileged = isPrivileged(user);
  return {
    endpoint,
    operation,
    version: request.kind.version,
    namespace,
    user,
    privileged,
    skipsChecks: privileged && at(object, ["metadata", "annotations", SKIP_ANNOTATION]) !== undefined,
    rows,
    root,
    isTemplate: root.length > 0,
    object,
    oldObject: operation === "UPDATE" ? oldObject : undefined,
  };
}
