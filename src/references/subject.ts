import type { JsonObject } from "../json.ts";
import type { ReferenceRow } from "./references.ts";

export type Endpoint = "mutate" | "validate";

/** One object under review, as the edge decoded it. */
export interface Subject {
  readonly endpoint: Endpoint;
  readonly operation: "CREATE" | "UPDATE";
  readonly namespace: string;
  /** The caller may do what vm-operator's own account may; design section 8. */
  readonly privileged: boolean;
  readonly rows: readonly ReferenceRow[];
  readonly object: JsonObject;
  /** On UPDATE. */
  readonly oldObject: JsonObject | undefined;
}
