const RESOURCE_VERSION = /^[1-9][0-9]*$/;

/** Whether a text has the form of a resourceVersion: a positive decimal number. */
export function isResourceVersion(text: string): boolean {
  return RESOURCE_VERSION.test(text);
}

/**
/**
 * Compares two resourceVersions of one resource; below zero if `one` is older. They are integers of any length
 * (Kubernetes KEP-5504). An object that no API server wrote has none, and is older than all others.
 */
export function compareResourceVersions(one: string | undefined = "", other: string | undefined = ""): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Whether `one` is newer than `other`. */
export function isNewer(one: string | undefined, other: string | undefined): boolean {
  return compareResourceVersions(one, other) > 0;
}
