import { EACH, type ReferenceRow } from "./row.ts";

/** A rule of a webhook configuration (k8s.io/api/admissionregistration/v1 RuleWithOperations). */
export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly scope: ReferenceRow["scope"];
}

/** Rows of references. Display names that objects create have webhooks of their own. */
function referring(rows: readonly ReferenceRow[]): readonly ReferenceRow[] {
  return rows.filter(({ role }) => role !== "creates");
}

/**
 * The rules that deliver every object with references: newest version first, because with matchPolicy Equivalent a
 * version that no rule lists is delivered as the first one that is listed.
 */
export function referenceRules(rows: readonly ReferenceRow[]): readonly WebhookRule[] {
  return rulesFor(referring(rows), ["CREATE", "UPDATE"]);
}

/** The same for objects that create a display name. */
export function creationRules(
  rows: readonly ReferenceRow[],
  operations: readonly string[] = ["CREATE"],
): readonly WebhookRule[] {
  return rulesFor(
    rows.filter(({ role }) => role === "creates"),
    operations,
  );
}

function rulesFor(rows: readonly ReferenceRow[], operations: readonly string[]): readonly WebhookRule[] {
  const versions = unique(rows.flatMap((row) => row.versions));
  const scopes = unique(rows.map(({ scope }) => scope));
  return versions.flatMap((version) =>
    scopes.flatMap((scope) => {
      const served = rows.filter((row) => row.scope === scope && row.versions.includes(version));
      if (served.length === 0) return [];
      return {
        apiGroups: unique(served.map(({ group }) => group)),
        apiVersions: [version],
        resources: unique(served.map(({ resource }) => resource)),
        operations,
        scope,
      };
    }),
  );
}

/**
 * CEL that is false for an UPDATE that leaves every reference as it is: the API server makes no call then. The
 * optional `.?` steps are null-safe; with `has()` a machine without `spec` could never be changed or finalized again.
 * Kubernetes 1.30 or newer.
 */
export function referencesChanged(rows: readonly ReferenceRow[]): string {
  const paths = unique(referring(rows).map(({ path }) => optionalPath(path)));
  const listOf = (object: string): string => `[${paths.map((path) => object + path).join(", ")}]`;
  return `request.operation != "UPDATE" || ${listOf("object")} != ${listOf("oldObject")}`;
}

/** The same for objects whose whole spec is checked. */
export const SPEC_CHANGED = 'request.operation != "UPDATE" || object.?spec != oldObject.?spec';

/** `.?spec.?cdrom`: a list counts as a whole. A key that is no CEL identifier is an index: `[?"vcluster.com/os-image"]`. */
function optionalPath(path: readonly string[]): string {
  const each = path.indexOf(EACH);
  return path
    .slice(0, each === -1 ? path.length : each)
    .map((step) => (/^\w+$/.test(step) ? `.?${step}` : `[?${JSON.stringify(step)}]`))
    .join("");
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
