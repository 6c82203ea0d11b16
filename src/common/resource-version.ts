const RESOURCE_VERSION = /^[1-9][0-9]*$/;

/** Whether a text is a resourceVersion as the API server writes them: a positive decimal number. */
export function isResourceVersion(text: string): boolean {
  return RESOURCE_VERSION.test(text);
}

/**
 * Orders the resourceVersions of one resource, below zero where `one` is the older. They are comparable integers of any
 * length (Kubernetes KEP-5504). An empty one, of an object that is from no API server, is older than all.
 */
export function compareResourceVersions(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Whether `one` is from after `other`. */
export function isNewer(one: string, other: string): boolean {
  return compareResourceVersions(one, other) > 0;
}
