/** How bad a finding is. `info` is true of a machine, and wrong only once something else changes. */
export const AUDIT_LEVELS = ["error", "warning", "info"] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

/** The findings of an audit, by ID: the level of each, and what it says of a stored object (in docs/audit.md). */
export const AUDIT_FINDINGS = {
  gone: { level: "error", means: "names an image that does not exist now" },
  ambiguous: { level: "error", means: "names several images now" },
  disagree: { level: "error", means: "has two fields that name different images" },
  refused: { level: "error", means: "is refused for another reason" },
  terminating: { level: "warning", means: "names an image that is being deleted" },
  "not-ready": { level: "warning", means: "names an image that is not ready" },
  "display-name": {
    level: "warning",
    means: "says a display name or LIBRARY/NAME, which may mean another image later",
  },
  "stale-pin": { level: "warning", means: "has a pinned annotation that does not fit its fields" },
  warned: { level: "warning", means: "is admitted with another warning" },
  undecided: { level: "warning", means: "is not looked up: a kind of image could not be read" },
  "unknown-version": { level: "warning", means: "has a version that is not in the reference table" },
  pinned: { level: "info", means: "has a manifest that says a display name; the webhook wrote the object name" },
  "no-image": { level: "info", means: "has no image: only a privileged caller may create it again" },
} as const satisfies Readonly<Record<string, { readonly level: AuditLevel; readonly means: string }>>;
export type AuditFindingId = keyof typeof AUDIT_FINDINGS;

/** An audited object. */
export interface AuditedObject {
  readonly kind: string;
  /** Undefined for an object of the cluster. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** One finding about one object. */
export interface AuditFinding extends AuditedObject {
  readonly id: AuditFindingId;
  readonly level: AuditLevel;
  /** `spec.imageName` */
  readonly field: string;
  /** What is found, without the field. */
  readonly message: string;
  /** What to do; undefined where the message says it. */
  readonly remedy: string | undefined;
}
