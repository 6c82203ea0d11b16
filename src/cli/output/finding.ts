import { plain } from "../../references/field-error.ts";

/** What admission says about one field of one object. */
export interface Finding {
  readonly file: string;
  /** Position of the field, or of its nearest parent that exists. Line and column count from 1. */
  readonly line: number;
  readonly column: number;
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly level: "error" | "warning";
  readonly field: string;
  /** Does not repeat the field. */
  readonly message: string;
}

/** `VirtualMachine dev/web` */
export function objectText({ kind, namespace, name }: Finding["object"]): string {
  return plain(`${kind} ${[namespace, name].filter((part) => part !== "").join("/")}`);
}

/** `warned` is admitted with warnings; `skipped` is not checked. */
export type Verdict = "refused" | "warned" | "admitted" | "skipped";
