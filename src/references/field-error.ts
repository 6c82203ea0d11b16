import type { CheckId } from "./policy.ts";

/** Cause reasons of a Kubernetes status (apimachinery pkg/apis/meta/v1 CauseType), with the words that kubectl users know. */
export const CAUSE_TEXT = {
  FieldValueNotFound: "Not found",
  FieldValueInvalid: "Invalid value",
  FieldValueRequired: "Required value",
  FieldValueForbidden: "Forbidden",
  FieldValueDuplicate: "Duplicate value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueTypeInvalid: "Invalid value",
  FieldValueTooMany: "Too many",
} as const;
export type CauseReason = keyof typeof CAUSE_TEXT;

/** Something wrong with one field of an object. */
export interface FieldProblem {
  /** The check that found it. No level turns off `type` (a value of the wrong JSON type) and `limit` (too many references). */
  readonly check: CheckId | "type" | "limit";
  readonly reason: CauseReason;
  /** `spec.imageName` */
  readonly field: string;
  /** What stands there; undefined where nothing does. */
  readonly value?: unknown;
  /** Why it is wrong and what to write instead; no word of the field or value is repeated from the front. */
  readonly why: string;
  /** Set by `immutable` only: the value names exactly one other image, so that a forced re-creation is meant. */
  readonly namesOtherImage?: boolean;
  /** Too little is known for a refusal: with level `deny`, too, it is a warning. */
  readonly onlyWarns?: boolean;
}

/** `Not found: "ubuntu-2404": no image ...`: a Kubernetes field error without its field. */
export function problemMessage({ reason, value, why }: FieldProblem): string {
  return [CAUSE_TEXT[reason], ...(value === undefined ? [] : [quote(value)]), printable(why)].join(": ");
}

/** The same for a person whose object is admitted all the same. */
export function warningMessage({ field, value, why }: FieldProblem): string {
  return [field, ...(value === undefined ? [] : [quote(value)]), printable(why)].join(": ");
}

/** Longer than any Kubernetes name (253), short enough to print. */
const LONGEST_QUOTE = 256;

/**
 * Control characters, line separators and marks that turn the direction of text: they could forge a line of a
 * terminal or a log, and the API server drops a warning that has one (apiserver endpoints/filters/warning.go).
 */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu;

/** A value from an object as JSON text that is safe to print: strings quoted, long ones cut. */
export function quote(value: unknown): string {
  if (typeof value === "string") return `"${printable(cut(value).replace(/["\\]/g, "\\$&"))}"`;
  if (Array.isArray(value)) return "[...]";
  return typeof value === "object" && value !== null ? "{...}" : String(value);
}

/** Text from an object inside a sentence: no control characters, no overlong parts. */
export function plain(text: string): string {
  return printable(cut(text));
}

/** The same text on one line of a terminal, a log or a header. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function cut(text: string): string {
  if (text.length <= LONGEST_QUOTE) return text;
  return `${text.slice(0, LONGEST_QUOTE)}... (${text.length} characters)`;
}
