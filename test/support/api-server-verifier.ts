/**
 * What the API server makes of a webhook's answer, as a test oracle: transcribed from kube-apiserver 1.36
 * (client-go rest/request.go transformResponse; apiserver pkg/admission/plugin/webhook/request/admissionreview.go
 * VerifyAdmissionResponse, mutating/dispatcher.go callAttrMutatingHook, errors/statuserror.go ToStatusErr).
 */
import { MIMEType } from "node:util";
import jsonPatch from "fast-json-patch";
import { isJsonObject } from "../../src/common/json.ts";
import type { AuditEvent } from "./api-server-audit.ts";
import type { WarningHeaders } from "./api-server-warnings.ts";

export interface HttpAnswer {
  readonly status: number;
  /** The header, "" where there is none. */
  readonly contentType: string;
  readonly text: string;
}

/** A call of one webhook. */
export interface Call {
  /** The webhook's name in its configuration. */
  readonly webhook: string;
  readonly mutating: boolean;
  readonly version: "v1" | "v1beta1";
  readonly uid: string;
  /** Undefined on DELETE. */
  readonly object: unknown;
  /** Of the whole request of a person, which calls several webhooks, and some twice. */
  readonly warnings: WarningHeaders;
  readonly audit: AuditEvent;
}

/** The call failed: failurePolicy decides what becomes of the request. */
export class CallFailure extends Error {}

/** HTTP 500 for the person, whatever failurePolicy says. */
export class InternalFailure extends Error {}

export type Verdict =
  | { readonly is: "admitted"; readonly object: unknown; readonly changed: boolean }
  | { readonly is: "denied"; readonly code: number; readonly status: string; readonly message: string };

/** Throws a CallFailure or an InternalFailure with the API server's own words. */
export function verdictOn(answer: HttpAnswer, call: Call): Verdict {
  const response = verified(decoded(answer), call);
  for (const [key, value] of Object.entries(response.auditAnnotations)) call.audit.add(`${call.webhook}/${key}`, value);
  for (const warning of response.warnings) call.warnings.add(warning);
  if (!response.allowed) return denied(call.webhook, response.status);
  return { is: "admitted", ...patched(response.patch, call) };
}

interface Response {
  readonly allowed: boolean;
  readonly patch: string;
  readonly status: Record<string, unknown>;
  readonly auditAnnotations: Record<string, string>;
  readonly warnings: readonly string[];
}

function decoded({ status, contentType, text: body }: HttpAnswer): Record<string, unknown> {
  // Any type will do, and none; a header that is not one will not (mime.ParseMediaType).
  if (contentType !== "" && !isMediaType(contentType)) throw new CallFailure("failed to call webhook: mime");
  if (status < 200 || status > 206) throw new CallFailure(`failed to call webhook: HTTP ${status}`);
  if (body === "") throw new CallFailure("0-length response");
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch {
    throw new CallFailure("couldn't decode");
  }
  if (!isJsonObject(review)) throw new CallFailure("couldn't decode");
  return review;
}

function isMediaType(header: string): boolean {
  try {
    return new MIMEType(header).essence !== "";
  } catch {
    return false;
  }
}

/** VerifyAdmissionResponse; the types of the members are those of k8s.io/api/admission. */
function verified(review: Record<string, unknown>, call: Call): Response {
  const response = review["response"] ?? undefined;
  if (response === undefined) throw new CallFailure("webhook response was absent");
  if (!isJsonObject(response)) throw new CallFailure("couldn't decode");
  const patch = decodedPatch(response["patch"]);
  if (call.version === "v1") {
    verifyIdentity(review, response["uid"], call);
    const patchType = response["patchType"] ?? undefined;
    (call.mutating ? verifyPatch : verifyNoPatch)(patch, patchType === undefined ? undefined : text(patchType));
  }
  return {
    allowed: isTrue(response["allowed"]),
    patch: call.mutating ? patch : "",
    status: record(response["status"]),
    auditAnnotations: Object.fromEntries(
      Object.entries(record(response["auditAnnotations"])).map(([key, value]) => [key, text(value)]),
    ),
    warnings: list(response["warnings"]).map(text),
  };
}

/** v1beta1 takes any uid, apiVersion and kind. */
function verifyIdentity({ apiVersion, kind }: Record<string, unknown>, uid: unknown, call: Call): void {
  if (uid !== call.uid) throw new CallFailure(`expected response.uid="${call.uid}", got "${text(uid)}"`);
  const gvk = `${text(apiVersion)}, Kind=${text(kind)}`;
  const expected = "admission.k8s.io/v1, Kind=AdmissionReview";
  if (gvk !== expected) throw new CallFailure(`expected webhook response of ${expected}, got ${gvk}`);
}

function verifyNoPatch(patch: string, patchType: string | undefined): void {
  if (patch !== "") throw new CallFailure("validating webhook may not return response.patch");
  if (patchType !== undefined) throw new CallFailure("validating webhook may not return response.patchType");
}

function verifyPatch(patch: string, patchType: string | undefined): void {
  if (patch !== "" && patchType === undefined) {
    throw new CallFailure("webhook returned response.patch but not response.patchType");
  }
  if (patch === "" && patchType !== undefined) {
    throw new CallFailure("webhook returned response.patchType but not response.patch");
  }
  if (patchType === "") throw new CallFailure('webhook returned invalid response.patchType of ""');
  if (patchType !== undefined && patchType !== "JSONPatch") {
    throw new CallFailure(`unsupported patch type "${patchType}"`);
  }
}

/** A Go []byte: strict standard base64. */
function decodedPatch(patch: unknown): string {
  const encoded = text(patch);
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) throw new CallFailure("couldn't decode");
  return bytes.toString("utf8");
}

function patched(patch: string, { webhook, object }: Call): { object: unknown; changed: boolean } {
  if (patch === "") return { object, changed: false };
  const operations = operationsOf(patch);
  if (operations.length === 0) return { object, changed: false };
  if (object === undefined || object === null) {
    throw new InternalFailure(
      `admission webhook "${webhook}" attempted to modify the object, which is not supported for this operation`,
    );
  }
  try {
    return { object: jsonPatch.applyPatch(structuredClone(object), operations, true).newDocument, changed: true };
  } catch (error) {
    throw new InternalFailure(String(error));
  }
}

function operationsOf(patch: string): jsonPatch.Operation[] {
  try {
    const operations: unknown = JSON.parse(patch);
    if (Array.isArray(operations)) return operations as jsonPatch.Operation[];
  } catch {
    // It does not parse: told below.
  }
  throw new CallFailure("received undecodable patch in webhook response");
}

/** ToStatusErr: what a person gets of a denial. */
function denied(webhook: string, result: Record<string, unknown>): Extract<Verdict, { is: "denied" }> {
  const code = Number(result["code"] ?? 0);
  const status = text(result["status"]);
  const by = `admission webhook "${webhook}" denied the request`;
  const why = [result["message"], result["reason"]].map(text).find((said) => said !== "");
  return {
    is: "denied",
    code: code < 400 ? 400 : code,
    status: status === "" || status === "Success" ? "Failure" : status,
    message: why === undefined ? `${by} without explanation` : `${by}: ${why}`,
  };
}

/** Go's zero value where it is absent or null. */
function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw new CallFailure("couldn't decode");
  return value;
}

function isTrue(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw new CallFailure("couldn't decode");
  return value;
}

function record(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw new CallFailure("couldn't decode");
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new CallFailure("couldn't decode");
  return value as readonly unknown[];
}
