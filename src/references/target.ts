import type { JsonObject, JsonPath } from "../common/json.ts";
import type { CompiledRow } from "./row.ts";

export type Endpoint = "mutate" | "validate";

/** One object under review, decoded. */
export interface AdmissionTarget {
  readonly endpoint: Endpoint;
  readonly operation: "CREATE" | "UPDATE";
  /** API version of the object. */
  readonly version: string;
  /** Undefined for a cluster-scoped object. */
  readonly namespace: string | undefined;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** The caller may do what vm-operator's own account may. */
  readonly privileged: boolean;
  /** A privileged caller asks for mutation without checks. */
  readonly skipsChecks: boolean;
  /** The rows of the reference table for its kind and version; at least one. */
  readonly rows: readonly CompiledRow[];
  /** Path of the machine: the object itself, or a template from which machines are made. */
  readonly root: JsonPath;
  readonly isTemplate: boolean;
  readonly object: JsonObject;
  /** On UPDATE. */
  readonly oldObject: JsonObject | undefined;
}
