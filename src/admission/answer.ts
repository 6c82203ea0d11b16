import type { Decision } from "./decide.ts";
import type { PatchOperation } from "./json-patch.ts";
import { type RefusalStatus, refusalStatus } from "./refusal.ts";
import { ADMISSION_GROUP, type AdmissionRequest, type ReviewVersion } from "./review.ts";

interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: RefusalStatus;
  readonly patchType?: "JSONPatch";
  /** Base64 of the JSON Patch. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
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
  return {
    apiVersion: `${ADMISSION_GROUP}/${version}`,
    kind: "AdmissionReview",
    response: {
      uid: request.uid,
      ...(decision.is === "allowed"
        ? { allowed: true, ...encodePatch(decision.patch) }
        : { allowed: false, status: refusalStatus(request, decision.problems) }),
      ...(decision.warnings.length === 0 ? {} : { warnings: decision.warnings }),
    },
  };
}

function encodePatch(patch: readonly PatchOperation[]): Pick<AdmissionResponse, "patchType" | "patch"> {
  if (patch.length === 0) return {};
  return { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
}
