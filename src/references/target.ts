import type { JsonObject, JsonPath } from "../common/json.ts";
import type { RestoredMachine } from "../vm-operator/conversion.ts";
import type { ReferenceRow } from "./row.ts";

export type Endpoint = "mutate" | "validate";

/** One object under review, as the edge decoded it. */
export interface Subject {
  readonly endpoint: Endpoint;
  readonly operation: "CREATE" | "UPDATE";
  /** API version of the object. */
  readonly version: string;
  readonly namespace: string;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** The caller may do what vm-operator's own account may. */
  readonly privileged: boolean;
  readonly rows: readonly ReferenceRow[];
  /** Where the machine stands: the object itself, or a template in it, from which machines are made. */
  readonly root: JsonPath;
  readonly isTemplate: boolean;
  readonly object: JsonObject;
  /** What vm-operator restores instead of what the object says; v1alpha1 and v1alpha2 only. */
  readonly restored: RestoredMachine | undefined;
  /** On UPDATE. */
  readonly oldObject: JsonObject | undefined;
}
