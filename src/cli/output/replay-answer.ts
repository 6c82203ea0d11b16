import type { Endpoint } from "../../references/target.ts";

/** The answer of one endpoint to one review. */
export interface ReplayAnswer {
  readonly file: string;
  readonly endpoint: Endpoint;
  /** The HTTP status. */
  readonly code: number;
  /** An AdmissionReview, or the text of a 4xx or 5xx. */
  readonly answer: unknown;
  readonly allowed: boolean;
  /** Of the object that was sent. */
  readonly mistakes: readonly { readonly field: string; readonly message: string }[];
  readonly before: unknown;
  readonly after: unknown;
}
