import { at, isJsonObject, type JsonObject, listAt, textAt } from "../json.ts";

export const ADMISSION_GROUP = "admission.k8s.io";

/** An AdmissionReview is answered in the version that it came in. */
export const REVIEW_VERSIONS = ["v1", "v1beta1"] as const;
export type ReviewVersion = (typeof REVIEW_VERSIONS)[number];

/** What a webhook needs of an AdmissionRequest (k8s.io/api/admission/v1). */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** "" for the object itself. */
  readonly subResource: string;
  readonly operation: string;
  readonly namespace: string;
  /** "" where the API server makes it up (`generateName`). */
  readonly name: string;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** Undefined on DELETE. */
  readonly object: JsonObject | undefined;
  /** Undefined on CREATE. */
  readonly oldObject: JsonObject | undefined;
}

export type DecodedReview =
  | { readonly is: "review"; readonly version: ReviewVersion; readonly request: AdmissionRequest }
  | { readonly is: "malformed"; readonly why: string; /** "" where there is none to be read. */ readonly uid: string };

/** From parsed JSON to a review, or to what is wrong with the envelope; the object inside is not judged. */
export function decodeReview(body: unknown): DecodedReview {
  const malformed = (why: string): DecodedReview => ({ is: "malformed", why, uid: textAt(body, ["request", "uid"]) });
  const [group, version = ""] = textAt(body, ["apiVersion"]).split("/");
  if (textAt(body, ["kind"]) !== "AdmissionReview" || group !== ADMISSION_GROUP) {
    return malformed("not an AdmissionReview of admission.k8s.io: apiVersion and kind say otherwise");
  }
  if (!isReviewVersion(version))
    return malformed(`AdmissionReview version is not one of ${REVIEW_VERSIONS.join(", ")}`);
  const request = at(body, ["request"]);
  if (!isJsonObject(request)) return malformed("the AdmissionReview has no request");
  const why = whatIsWrong(request);
  return why === undefined ? { is: "review", version, request: decodeRequest(request) } : malformed(why);
}

function whatIsWrong(request: JsonObject): string | undefined {
  if (textAt(request, ["uid"]) === "") return "request.uid is missing or empty";
  const operation = textAt(request, ["operation"]);
  if (operation === "") return "request.operation is missing or empty";
  for (const field of ["object", "oldObject"]) {
    const value = request[field] ?? undefined;
    if (value !== undefined && !isJsonObject(value)) return `request.${field} is no object`;
  }
  for (const field of OBJECTS_OF_OPERATION[operation] ?? []) {
    if (!isJsonObject(request[field])) return `request.${field} is missing on ${operation}`;
  }
  return undefined;
}

/** What an operation carries; without it nothing could be decided. */
const OBJECTS_OF_OPERATION: Readonly<Record<string, readonly string[]>> = {
  CREATE: ["object"],
  UPDATE: ["object", "oldObject"],
};

function isReviewVersion(version: string): version is ReviewVersion {
  return (REVIEW_VERSIONS as readonly string[]).includes(version);
}

function decodeRequest(request: JsonObject): AdmissionRequest {
  const object = request["object"];
  const oldObject = request["oldObject"];
  return {
    uid: textAt(request, ["uid"]),
    kind: {
      group: textAt(request, ["kind", "group"]),
      version: textAt(request, ["kind", "version"]),
      kind: textAt(request, ["kind", "kind"]),
    },
    subResource: textAt(request, ["subResource"]),
    operation: textAt(request, ["operation"]),
    namespace: textAt(request, ["namespace"]),
    name: textAt(request, ["name"]),
    user: {
      name: textAt(request, ["userInfo", "username"]),
      groups: listAt(request, ["userInfo", "groups"]).filter((group) => typeof group === "string"),
    },
    object: isJsonObject(object) ? object : undefined,
    oldObject: isJsonObject(oldObject) ? oldObject : undefined,
  };
}
