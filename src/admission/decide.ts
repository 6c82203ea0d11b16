import { isImageKind } from "../images/image.ts";
import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import { at, textAt } from "../json.ts";
import { runChecks } from "../references/checks.ts";
import { type ReviewContext, reviewContext } from "../references/context.ts";
import { mutate } from "../references/mutate.ts";
import { ALL_CHECKS_OFF, type Policy } from "../references/policy.ts";
import { type FieldProblem, warningMessage } from "../references/problem.ts";
import { type ReferenceRow, referenceRows } from "../references/references.ts";
import type { Endpoint, Subject } from "../references/subject.ts";
import { patchFor, type PatchOperation } from "./json-patch.ts";
import type { IsPrivileged } from "./privileged.ts";
import type { AdmissionRequest } from "./review.ts";

/** vm-operator pkg/builder/validating_webhook.go; only privileged callers may use it here. */
const SKIP_ANNOTATION = "vmoperator.vmware.com.protected/skip-validation";

export type Decision =
  | {
      readonly is: "allowed";
      readonly patch: readonly PatchOperation[];
      readonly warnings: readonly string[];
      /** VMI IDs that the references mean, for the log. */
      readonly images: readonly string[];
    }
  | {
      readonly is: "refused";
      readonly problems: readonly FieldProblem[];
      readonly warnings: readonly string[];
      readonly images: readonly string[];
      /** Names that the index does not know, and the refusal is for: an image may be too new for it. */
      readonly misses: readonly ImageQuery[];
    }
  /** No decision: the API server has to ask another replica, or later. */
  | { readonly is: "undecided"; readonly because: string };

/** What decides besides the request and the index. */
export interface AdmissionPolicy extends Policy {
  readonly isPrivileged: IsPrivileged;
}

const UNTOUCHED: Decision = { is: "allowed", patch: [], warnings: [], images: [] };

/** The whole of admission as one function: no I/O, no clock, no promise. */
export function decide(
  endpoint: Endpoint,
  request: AdmissionRequest,
  index: ImageIndex,
  policy: AdmissionPolicy,
): Decision {
  const { group, version, kind } = request.kind;
  const subject = subjectOf(endpoint, request, referenceRows(group, version, kind), policy);
  if (subject === undefined) return UNTOUCHED;
  const skipped = subject.privileged && at(subject.object, ["metadata", "annotations", SKIP_ANNOTATION]) !== undefined;
  if (skipped && endpoint === "validate") return UNTOUCHED;
  const levels = skipped ? ALL_CHECKS_OFF : policy.levels;
  const context = reviewContext(subject, index, { ...policy, levels });
  const unsynced = unsyncedKind(context);
  if (unsynced !== undefined) return { is: "undecided", because: `the index has no complete list of ${unsynced} yet` };
  const found = runChecks(context);
  const warnings = found.warnings.map(warningMessage);
  const images = context.bootImage.is === "resolved" ? [context.bootImage.image.name] : [];
  if (found.denials.length > 0) {
    return { is: "refused", problems: found.denials, warnings, images, misses: missesOf(context, found.denials) };
  }
  if (endpoint === "validate") return { is: "allowed", patch: [], warnings, images };
  const mutation = mutate(context);
  const patch = patchFor(subject.object, mutation.edits);
  return { is: "allowed", patch, warnings: [...warnings, ...mutation.warnings], images };
}

/** What is to be judged; undefined for what is allowed untouched (M16, and kinds without references). */
function subjectOf(
  endpoint: Endpoint,
  request: AdmissionRequest,
  rows: readonly ReferenceRow[],
  { isPrivileged }: AdmissionPolicy,
): Subject | undefined {
  const { operation, object, oldObject, namespace, user } = request;
  if (rows.length === 0 || request.subResource !== "" || object === undefined) return undefined;
  if (operation !== "CREATE" && operation !== "UPDATE") return undefined;
  if (textAt(oldObject, ["metadata", "deletionTimestamp"]) !== "") return undefined;
  const common = { endpoint, namespace, privileged: isPrivileged(user), rows, object };
  return { ...common, operation, oldObject: operation === "UPDATE" ? oldObject : undefined };
}

function missesOf({ bootImage, subject }: ReviewContext, denials: readonly FieldProblem[]): readonly ImageQuery[] {
  if (bootImage.is !== "unresolved" || bootImage.resolution.is !== "notFound") return [];
  if (!denials.some(({ check }) => check === "exists")) return [];
  const { name, kind } = bootImage.by;
  return [{ namespace: subject.namespace, name, kind: isImageKind(kind) ? kind : undefined }];
}

/** The kind whose missing list keeps us from deciding. */
function unsyncedKind({ bootImage, changes }: ReviewContext): string | undefined {
  if (bootImage.is === "notSynced") return bootImage.kind;
  for (const change of [changes?.imageName, changes?.image]) {
    if (change?.is === "notSynced") return change.kind;
  }
  return undefined;
}
