const RESOURCE_VERSION = /^[1-9][0-9]*$/;

/** Whether a text is a resourceVersion as the API server writes them: a positive decimal number. */
export function isResourceVersion(text: string): boolean {
  return RESOURCE_VERSION.test(text);
}

/**
 * Orders the resourceVersions of one resource, below zero where `one` is the older. They are comparable integers of any
 * length (Kubernetes KEP-5504). That of an object that no API server has stored is undefined or empty, and older than all.
 */
export function compareResourceVersions(one: string | undefined = "", other: string | undefined = ""): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Whether `one` is from after `other`. */
export function isNewer(one: string | undefined, other: string | undefined): boolean {
  return compareResourceVersions(one, other) > 0;
}
