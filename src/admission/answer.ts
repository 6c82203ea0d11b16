import type { AuditAnnotations } from "./audit.ts";
import type { Decision } from "./decide.ts";
import type { PatchOperation } from "./json-patch.ts";
import { type RefusalStatus, refusalStatus } from "./refusal.ts";
import { ADMISSION_GROUP, type AdmissionRequest, type ReviewVersion } from "./review.ts";
import { sentWarnings } from "./warnings.ts";

interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: RefusalStatus;
  readonly patchType?: "JSONPatch";
  /** Base64 of the JSON Patch. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: AuditAnnotations;
}

/** An AdmissionReview as the API server reads it (apiserver admission/plugin/webhook/request VerifyAdmissionResponse). */
export interface AdmissionReview {
  readonly apiVersion: string;
  readonly kind: "AdmissionReview";
  readonly response: AdmissionResponse;
}

/** The only place that writes an answer: uid, version, and patch with its patchType belong together. */
export function encodeReview(
  version: ReviewVersion,
  request: AdmissionRequest,
  decision: Exclude<Decision, { is: "undecided" }>,
): AdmissionReview {
  const warnings = sentWarnings(decision.warnings);
  return {
    apiVersion: `${ADMISSION_GROUP}/${version}`,
    kind: "AdmissionReview",
    response: {
      uid: request.uid,
      ...(decision.is === "allowed"
        ? { allowed: true, ...encodePatch(decision.patch), ...encodeAudit(decision.audit) }
        : { allowed: false, status: refusalStatus(request, decision.problems) }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  };
}

function encodePatch(patch: readonly PatchOperation[]): Pick<AdmissionResponse, "patchType" | "patch"> {
  if (patch.length === 0) return {};
  return { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
}

function encodeAudit(audit: AuditAnnotations): Pick<AdmissionResponse, "auditAnnotations"> {
  return Object.keys(audit).length === 0 ? {} : { auditAnnotations: audit };
}
