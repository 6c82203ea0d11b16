import type { AuditAnnotations } from "./audit.ts";
import type { Decision } from "./decide.ts";
import type { PatchOperation } from "./json-patch.ts";
import { refusalStatus } from "./refusal.ts";
import { ADMISSION_GROUP, type AdmissionRequest, type ReviewVersion } from "./review.ts";
import { sentWarnings } from "./warnings.ts";

/**
 * The only place that writes an answer, the JSON of an AdmissionReview (k8s.io/api/admission/v1): uid, version, and patch
 * with its patchType belong together (apiserver admission/plugin/webhook/request VerifyAdmissionResponse). Its
 * longest part is Base64, which needs no escapes: it is put in behind the others so that nobody looks for any.
 */
export function encodeReview(
  version: ReviewVersion,
  request: AdmissionRequest,
  decision: Exclude<Decision, { is: "undecided" }>,
): string {
  const { uid } = request;
  const warnings = unlessEmpty(sentWarnings(decision.warnings));
  const response = JSON.stringify(
    decision.is === "allowed"
      ? { uid, allowed: true, auditAnnotations: unlessNothing(decision.audit), warnings }
      : { uid, allowed: false, status: refusalStatus(request, decision.problems), warnings },
  );
  const patch = decision.is === "allowed" ? patchMembers(decision.patch) : "";
  return `{"apiVersion":"${ADMISSION_GROUP}/${version}","kind":"AdmissionReview","response":${response.slice(0, -1)}${patch}}}`;
}

function patchMembers(patch: readonly PatchOperation[]): string {
  if (patch.length === 0) return "";
  return `,"patchType":"JSONPatch","patch":"${Buffer.from(JSON.stringify(patch)).toString("base64")}"`;
}

function unlessNothing(audit: AuditAnnotations): AuditAnnotations | undefined {
  return audit.requested === undefined ? undefined : audit;
}

function unlessEmpty(warnings: readonly string[]): readonly string[] | undefined {
  return warnings.length === 0 ? undefined : warnings;
}
