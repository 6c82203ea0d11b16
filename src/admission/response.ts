import type { AuditAnnotations } from "./audit.ts";
import type { Decision } from "./decide.ts";
import type { PatchOperation } from "./json-patch.ts";
import { type RefusalStatus, refusalStatus } from "./status.ts";
import { ADMISSION_GROUP, type AdmissionRequest, type ReviewVersion } from "./review.ts";
import { sentWarnings } from "./warnings.ts";

/** An AdmissionReview with an answer (k8s.io/api/admission/v1), to be sent as JSON. */
export interface AnsweredReview {
  readonly apiVersion: `${typeof ADMISSION_GROUP}/${ReviewVersion}`;
  readonly kind: "AdmissionReview";
  readonly response: ReviewResponse;
}

/** An AdmissionResponse. Members without content are absent. */
export interface ReviewResponse {
  readonly uid: string;
  readonly allowed: boolean;
  /** Of an allowed object. */
  readonly auditAnnotations?: AuditAnnotations;
  /** Of a refused object. */
  readonly status?: RefusalStatus;
  readonly warnings?: readonly string[];
  readonly patchType?: "JSONPatch";
  /** Base64 of the JSON of the operations. */
  readonly patch?: string;
}

/**
 * The only place that makes an answer: uid, version, and patch with its patchType belong together (apiserver
 * admission/plugin/webhook/request VerifyAdmissionResponse).
 */
export function encodeReview(
  version: ReviewVersion,
  request: AdmissionRequest,
  decision: Exclude<Decision, { is: "undecided" }>,
): AnsweredReview {
  return {
    apiVersion: `${ADMISSION_GROUP}/${version}`,
    kind: "AdmissionReview",
    response: responseOf(request, decision),
  };
}

function responseOf(request: AdmissionRequest, decision: Exclude<Decision, { is: "undecided" }>): ReviewResponse {
  const { uid } = request;
  const warnings = warningMembers(decision.warnings);
  if (decision.is === "refused") {
    return { uid, allowed: false, status: refusalStatus(request, decision.errors), ...warnings };
  }
  return { uid, allowed: true, ...auditMembers(decision.audit), ...warnings, ...patchMembers(decision.patch) };
}

function auditMembers(audit: AuditAnnotations): Pick<ReviewResponse, "auditAnnotations"> {
  return Object.keys(audit).length === 0 ? {} : { auditAnnotations: audit };
}

function warningMembers(warnings: readonly string[]): Pick<ReviewResponse, "warnings"> {
  const sent = sentWarnings(warnings);
  return sent.length === 0 ? {} : { warnings: sent };
}

function patchMembers(patch: readonly PatchOperation[]): Pick<ReviewResponse, "patchType" | "patch"> {
  if (patch.length === 0) return {};
  return { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
}
