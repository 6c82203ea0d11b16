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

/** What is wrong with one field of an object. */
export interface FieldError {
  /** ID of the check that found it. No flag turns off `type` (a value of the wrong JSON type) and `limit` (too many references). */
  readonly check: string;
  readonly reason: CauseReason;
  /** `spec.imageName` */
  readonly field: string;
  /** The value of the field; undefined where it has none. */
  readonly value?: unknown;
  /** Why it is wrong; does not repeat field and value. */
  readonly why: string;
  /** What to do: `put back "ubuntu-24.04" or leave this field out`. Undefined where `why` says it. */
  readonly remedy?: string;
  /** Set by `immutable` only: the value names exactly one other image, so the client may mean to re-create the object. */
  readonly namesOtherImage?: boolean;
  /** A warning, also at level `deny`: too little is known, or the caller is privileged. */
  readonly onlyWarns?: boolean;
}

/** `Not found: "ubuntu-2404": no image ...`: a Kubernetes field error without its field. */
export function errorMessage(error: FieldError): string {
  return [CAUSE_TEXT[error.reason], ...sentence(error)].join(": ");
}

/** The same as a warning, for an object that is admitted. */
export function warningMessage(error: FieldError): string {
  return [error.field, ...sentence(error)].join(": ");
}

function sentence({ value, why, remedy }: FieldError): readonly string[] {
  const text = printable(remedy === undefined ? why : `${why}; ${remedy}`);
  return value === undefined ? [text] : [quote(value), text];
}

/** The errors of one object. A remedy that an earlier one has is replaced by the field of that one. */
export function withRemediesOnce(errors: readonly FieldError[]): readonly FieldError[] {
  const fields = new Map<string, string>();
  return errors.map((error) => {
    if (error.remedy === undefined) return error;
    const earlier = fields.get(error.remedy);
    if (earlier === undefined) fields.set(error.remedy, error.field);
    return earlier === undefined ? error : { ...error, remedy: `the same remedy as for ${earlier}` };
  });
}

/** Longer than any Kubernetes name (253), short enough to print. */
const MAX_QUOTE = 256;

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
  if (text.length <= MAX_QUOTE) return text;
  return `${text.slice(0, MAX_QUOTE)}... (${text.length} characters)`;
}
