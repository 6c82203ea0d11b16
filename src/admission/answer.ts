import type { AuditAnnotations } from "./audit.ts";
import type { Decision } from "./decide.ts";
import type { PatchOperation } from "./json-patch.ts";
import { refusalStatus } from "./refusal.ts";
import { ADMISSION_GROUP, type AdmissionRequest, type ReviewVersion } from "./review.ts";
import { sentWarnings } from "./warnings.ts";

/**
 * The only place that writes an answer, the JSON of an AdmissionReview (k8s.io/api/admission/v1): uid, version, and patch
 * with its patchType belong together (apiserver admission/plugin/webhook/request VerifyAdmissionResponse). Its
 * longest part is Base64, which needs no escapes: the members are put together here so that nobody looks for any.
 */
export function encodeReview(
  version: ReviewVersion,
  request: AdmissionRequest,
  decision: Exclude<Decision, { is: "undecided" }>,
): string {
  const uid = member("uid", request.uid);
  const result =
    decision.is === "allowed"
      ? `"allowed":true${patchMembers(decision.patch)}${auditMember(decision.audit)}`
      : `"allowed":false,${member("status", refusalStatus(request, decision.problems))}`;
  const response = `{${uid},${result}${warningsMember(decision.warnings)}}`;
  return `{"apiVersion":"${ADMISSION_GROUP}/${version}","kind":"AdmissionReview","response":${response}}`;
}

function patchMembers(patch: readonly PatchOperation[]): string {
  if (patch.length === 0) return "";
  return `,"patchType":"JSONPatch","patch":"${Buffer.from(JSON.stringify(patch)).toString("base64")}"`;
}

function auditMember(audit: AuditAnnotations): string {
  return audit.requested === undefined ? "" : `,${member("auditAnnotations", audit)}`;
}

function warningsMember(warnings: readonly string[]): string {
  const sent = warnings.length === 0 ? warnings : sentWarnings(warnings);
  return sent.length === 0 ? "" : `,${member("warnings", sent)}`;
}

function member(name: string, value: unknown): string {
  return `"${name}":${JSON.stringify(value)}`;
}
