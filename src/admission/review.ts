import { isJsonObject, type JsonObject, textAt, textOf, textOrNothing } from "../common/json.ts";

export const ADMISSION_GROUP = "admission.k8s.io";

/** An AdmissionReview is answered in the version that it came in. */
export const REVIEW_VERSIONS = ["v1", "v1beta1"] as const;
export type ReviewVersion = (typeof REVIEW_VERSIONS)[number];

/** What a webhook needs of an AdmissionRequest (k8s.io/api/admission/v1). */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** Undefined for the object itself. */
  readonly subResource: string | undefined;
  readonly operation: string;
  /** Undefined for a cluster-scoped object. */
  readonly namespace: string | undefined;
  /** Undefined where the API server generates it (`generateName`). */
  readonly name: string | undefined;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** Undefined on DELETE. */
  readonly object: JsonObject | undefined;
  /** Undefined on CREATE. */
  readonly oldObject: JsonObject | undefined;
}

export type DecodedReview =
  | { readonly is: "review"; readonly version: ReviewVersion; readonly request: AdmissionRequest }
  | { readonly is: "malformed"; readonly why: string; /** "" where there is none to be read. */ readonly uid: string };

/**
 * Decodes parsed JSON to a review, or says what is wrong with the envelope. The object inside is not checked. Members are
 * read by name; no object inherits a member of these names.
 */
export function decodeReview(body: unknown): DecodedReview {
  const review = objectOf(body);
  const { request } = review;
  const version = API_VERSIONS.get(textOf(review["apiVersion"]));
  if (version === undefined || review["kind"] !== "AdmissionReview") return malformed(request, noReview(review));
  if (!isJsonObject(request)) return malformed(request, "the AdmissionReview has no request");
  const why = whatIsWrong(request);
  return why === undefined ? { is: "review", version, request: decodeRequest(request) } : malformed(request, why);
}

const API_VERSIONS = new Map(REVIEW_VERSIONS.map((version) => [`${ADMISSION_GROUP}/${version}`, version]));

function malformed(request: unknown, why: string): DecodedReview {
  return { is: "malformed", why, uid: textAt(request, ["uid"]) };
}

function noReview(review: JsonObject): string {
  const [group] = textOf(review["apiVersion"]).split("/");
  return review["kind"] === "AdmissionReview" && group === ADMISSION_GROUP
    ? `AdmissionReview version is not one of ${REVIEW_VERSIONS.join(", ")}`
    : "not an AdmissionReview of admission.k8s.io: apiVersion and kind say otherwise";
}

function whatIsWrong({ uid, operation, object, oldObject }: JsonObject): string | undefined {
  if (textOf(uid) === "") return "request.uid is missing or empty";
  if (textOf(operation) === "") return "request.operation is missing or empty";
  return noObject("object", object, operation) ?? noObject("oldObject", oldObject, operation);
}

function noObject(field: string, value: unknown, operation: unknown): string | undefined {
  if (isJsonObject(value)) return undefined;
  if (value !== undefined && value !== null) return `request.${field} is no object`;
  const isNeeded = OBJECTS_OF_OPERATION.get(operation)?.includes(field) === true;
  return isNeeded ? `request.${field} is missing on ${String(operation)}` : undefined;
}

/** What an operation carries; without it nothing could be decided. */
const OBJECTS_OF_OPERATION = new Map<unknown, readonly string[]>([
  ["CREATE", ["object"]],
  ["UPDATE", ["object", "oldObject"]],
]);

function decodeRequest(request: JsonObject): AdmissionRequest {
  const { object, oldObject } = request;
  const { group, version, kind } = objectOf(request["kind"]);
  const { username, groups } = objectOf(request["userInfo"]);
  return {
    uid: textOf(request["uid"]),
    kind: { group: textOf(group), version: textOf(version), kind: textOf(kind) },
    subResource: textOrNothing(request, ["subResource"]),
    operation: textOf(request["operation"]),
    namespace: textOrNothing(request, ["namespace"]),
    name: textOrNothing(request, ["name"]),
    user: { name: textOf(username), groups: Array.isArray(groups) ? groups.filter(isText) : [] },
    object: isJsonObject(object) ? object : undefined,
    oldObject: isJsonObject(oldObject) ? oldObject : undefined,
  };
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : NOTHING;
}

const NOTHING: JsonObject = {};

function isText(value: unknown): value is string {
  return typeof value === "string";
}
