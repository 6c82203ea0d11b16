import { plain } from "../../references/field-error.ts";

/** What admission says about one field of one object. */
export interface Finding {
  readonly file: string;
  /** Position of the field, or of its nearest parent that exists. Line and column count from 1. */
  readonly line: number;
  readonly column: number;
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly level: "error" | "warning";
  /** ID of the check that made an error, or of one of `OTHER_RULES`. */
  readonly rule: string;
  readonly field: string;
  /** Does not repeat the field. */
  readonly message: string;
}

/** `VirtualMachine dev/web` */
export function objectText({ kind, namespace, name }: Finding["object"]): string {
  return plain(`${kind} ${[namespace, name].filter((part) => part !== "").join("/")}`);
}

/** Findings that no check of admission makes. */
export const OTHER_RULES = {
  "unknown-field": "The API server refuses or drops a field that the object's kind does not have.",
  "unknown-version": "The kind names images, but not in a version that is known here.",
  warning: "Admission admits the object with a warning.",
} as const;

/** What `check` says about one object of a file. */
export interface CheckedObject {
  readonly file: string;
  readonly object: Finding["object"];
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** `warned` is admitted with warnings; `skipped` is not checked. */
export type Verdict = "refused" | "warned" | "admitted" | "skipped";
