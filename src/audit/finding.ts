/** How bad a finding is. `info` is true of a machine, and wrong only once something else changes. */
export const AUDIT_LEVELS = ["error", "warning", "info"] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

/** The findings of an audit, by ID: the level of each, and what it says of a stored object. */
export const AUDIT_FINDINGS = {
  gone: { level: "error", means: "names an image that does not exist now" },
  ambiguous: { level: "error", means: "names several images now" },
  disagree: { level: "error", means: "two fields name different images" },
  refused: { level: "error", means: "admission refuses it for another reason if it is created again" },
  terminating: { level: "warning", means: "names an image that is being deleted" },
  "not-ready": { level: "warning", means: "names an image that is not ready" },
  "display-name": {
    level: "warning",
    means: "says a display name or LIBRARY/NAME, which may mean another image later",
  },
  "stale-pin": { level: "warning", means: "the pinned annotation does not fit the fields" },
  warned: { level: "warning", means: "admission warns for another reason if it is created again" },
  undecided: { level: "warning", means: "its names are not looked up: a kind of image could not be read" },
  "unknown-version": { level: "warning", means: "its version is not in the reference table" },
  pinned: { level: "info", means: "its manifest says a display name, and the webhook wrote the object name" },
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
