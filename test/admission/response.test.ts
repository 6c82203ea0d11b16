import { describe, expect, it } from "vitest";
import { encodeReview } from "../../src/admission/response.ts";
import type { Decision } from "../../src/admission/decide.ts";
import { NO_FINDINGS } from "../../src/references/check.ts";
import type { PatchOperation } from "../../src/admission/json-patch.ts";
import { request } from "../support/admission.ts";

const NOTHING = { warnings: [], images: [], lookups: [], findings: NO_FINDINGS, unresolvedQueries: [] };

const ALLOWED: Extract<Decision, { is: "allowed" }> = {
  is: "allowed",
  patch: [],
  audit: {},
  ...NOTHING,
};
const PATCH: readonly PatchOperation[] = [{ op: "add", path: "/spec/imageName", value: "vmi-1" }];

const answerTo = (decision: Exclude<Decision, { is: "undecided" }>) =>
  encodeReview("v1", request({ spec: {} }), decision);

describe("encodeReview", () => {
  it("has only uid and allowed for an object that is allowed unchanged", () => {
    expect(answerTo(ALLOWED)).toStrictEqual({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "b2f3", allowed: true },
    });
  });

  it("encodes a patch as Base64 of its JSON, with its type", () => {
    const { response } = answerTo({ ...ALLOWED, patch: PATCH });
    const patch = Buffer.from(JSON.stringify(PATCH)).toString("base64");
    expect(response).toStrictEqual({ uid: "b2f3", allowed: true, patchType: "JSONPatch", patch });
  });

  it("adds warnings and audit annotations", () => {
    const audit = { requested: "spec.imageName=ubuntu", resolved: "spec.imageName=vmi-1" };
    const { response } = answerTo({ ...ALLOWED, audit, warnings: ["w"] });
    expect(response).toStrictEqual({ uid: "b2f3", allowed: true, auditAnnotations: audit, warnings: ["w"] });
  });

  it("adds the status of a refusal, in the version of the request", () => {
    const decision: Decision = { is: "refused", errors: [], ...NOTHING };
    const { apiVersion, response } = encodeReview("v1beta1", request({ spec: {} }), decision);
    expect(apiVersion).toBe("admission.k8s.io/v1beta1");
    expect(Object.keys(response)).toEqual(["uid", "allowed", "status"]);
    expect(response).toMatchObject({ allowed: false, status: { status: "Failure" } });
  });
});
