import { isJsonObject } from "../../src/common/json.ts";
import type { Json } from "../support/admission-review.ts";

/** Whether a body must be answered under its uid, or has a wrong envelope. */
export type Envelope =
  { readonly is: "review"; readonly uid: string; readonly apiVersion: string } | { readonly is: "wrong" };

const VERSIONS: readonly unknown[] = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"];
const WRONG: Envelope = { is: "wrong" };
const NEEDED = new Map([
  ["CREATE", ["object"]],
  ["UPDATE", ["object", "oldObject"]],
]);

/** Reads the text that is sent, without the code under test. */
export function envelopeOf(text: string): Envelope {
  const review = parsed(text);
  const { apiVersion, kind, request } = review;
  const isReview = kind === "AdmissionReview" && VERSIONS.includes(apiVersion);
  if (!isReview || !isJsonObject(request)) return WRONG;
  const { uid, operation } = request;
  if (!isText(uid) || !isText(operation)) return WRONG;
  const needed = NEEDED.get(operation) ?? [];
  const areObjects = ["object", "oldObject"].every((member) => {
    const value = request[member] ?? undefined;
    return isJsonObject(value) || (value === undefined && !needed.includes(member));
  });
  return areObjects ? { is: "review", uid, apiVersion: String(apiVersion) } : WRONG;
}

function parsed(text: string): Json {
  // UTF-8 has no lone surrogates, so decode the bytes that are sent.
  const value = jsonOf(Buffer.from(text).toString());
  return isJsonObject(value) ? value : {};
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
