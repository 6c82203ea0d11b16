import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import jsonPatch from "fast-json-patch";
import { decider, type AdmissionPolicy, type Decision } from "../../src/admission/decide.ts";
import type { AdmissionRequest } from "../../src/admission/review.ts";
import type { ImageIndex } from "../../src/images/image-index.ts";
import { at, type JsonObject } from "../../src/common/json.ts";

import type { FieldError } from "../../src/references/field-error.ts";
import type { Endpoint } from "../../src/references/target.ts";
import { NAMESPACE } from "./catalogue.ts";

export const POLICY: AdmissionPolicy = {
  resolution: "namespace-first",
  write: "both",
  levels: DEFAULT_LEVELS,
  teamGroupPrefix: "loft:team:",
  isPrivileged: ({ groups }) => groups.includes("system:masters"),
};

export interface VirtualMachine {
  readonly metadata?: unknown;
  readonly spec?: unknown;
}

/** What a request is about; its kind in parts. */
export type RequestFacts = Partial<Omit<AdmissionRequest, "kind">> & Partial<AdmissionRequest["kind"]>;

/** A request of an ordinary user about a VirtualMachine of namespace dev, but for what is said. */
export function request(object: VirtualMachine | undefined, facts: RequestFacts = {}): AdmissionRequest {
  const { group = "vmoperator.vmware.com", version = "v1alpha6", kind = "VirtualMachine", ...rest } = facts;
  return {
    uid: "b2f3",
    kind: { group, version, kind },
    subResource: undefined,
    operation: rest.oldObject === undefined ? "CREATE" : "UPDATE",
    namespace: NAMESPACE,
    name: "web",
    user: { name: "dev-user", groups: ["developers"] },
    object: object === undefined ? undefined : { metadata: { name: "web" }, ...object },
    oldObject: undefined,
    ...rest,
  };
}

/** An answer with the object as the API server has it afterwards. */
export interface Answer {
  readonly decision: Decision;
  readonly object: JsonObject;
  /** The object's spec. */
  readonly spec: unknown;
  readonly errors: readonly FieldError[];
  readonly warnings: readonly string[];
  /** Paths that the patch touches. */
  readonly patched: readonly string[];
}

export function answer(
  endpoint: Endpoint,
  asked: AdmissionRequest,
  index: ImageIndex,
  policy: Partial<AdmissionPolicy> = {},
): Answer {
  const decision = decider({ ...POLICY, ...policy })(endpoint, asked, index);
  const patch = decision.is === "allowed" ? decision.patch : [];
  const object = applied(asked.object ?? {}, patch);
  return {
    decision,
    object,
    spec: object["spec"],
    errors: decision.is === "refused" ? decision.errors : [],
    warnings: decision.is === "undecided" ? [] : decision.warnings,
    patched: patch.map(({ path }) => path),
  };
}

export function annotationsOf(object: JsonObject): JsonObject {
  return at(object, ["metadata", "annotations"]) as JsonObject;
}

/** RFC 6902 by a library, so that our own idea of a patch is not what tests it. */
export function applied(object: JsonObject, patch: readonly object[]): JsonObject {
  return jsonPatch.applyPatch(structuredClone(object), structuredClone(patch) as jsonPatch.Operation[], true)
    .newDocument;
}
