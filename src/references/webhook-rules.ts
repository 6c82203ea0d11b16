import { EACH, type ReferenceRow, REFERENCES, VERSIONS } from "./references.ts";

/** A rule of a webhook configuration (k8s.io/api/admissionregistration/v1 RuleWithOperations). */
export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly scope: "Namespaced";
}

/** Rows of what an object refers to; a display name that it creates is looked at once, by a webhook of its own. */
const REFERRING = REFERENCES.filter(({ role }) => role !== "creates");
const CREATING = REFERENCES.filter(({ role }) => role === "creates");

/**
 * The rules that deliver every object with references: newest version first, because with matchPolicy Equivalent a
 * version that no rule lists is delivered as the first one that is listed.
 */
export function referenceRules(): readonly WebhookRule[] {
  return rulesFor(REFERRING, ["CREATE", "UPDATE"]);
}

/** The same for objects that create a display name: it never changes. */
export function creationRules(): readonly WebhookRule[] {
  return rulesFor(CREATING, ["CREATE"]);
}

function rulesFor(rows: readonly ReferenceRow[], operations: readonly string[]): readonly WebhookRule[] {
  return VERSIONS.flatMap((version) => {
    const served = rows.filter(({ versions }) => versions.includes(version));
    if (served.length === 0) return [];
    return {
      apiGroups: unique(served.map(({ group }) => group)),
      apiVersions: [version],
      resources: unique(served.map(({ resource }) => resource)),
      operations,
      scope: "Namespaced" as const,
    };
  });
}

/**
 * CEL that is true for what may change a reference: an UPDATE that leaves all of them as they are makes no call. The
 * optional `.?` steps are null-safe; with `has()` a machine without `spec` could never be changed or finalized again.
 * Kubernetes 1.30 or newer.
 */
export function referencesChanged(): string {
  const paths = unique(REFERRING.map(({ path }) => optionalPath(path)));
  const listOf = (object: string): string => `[${paths.map((path) => object + path).join(", ")}]`;
  return `request.operation != "UPDATE" || ${listOf("object")} != ${listOf("oldObject")}`;
}

/** `.?spec.?cdrom`: a list counts as a whole. */
function optionalPath(path: readonly string[]): string {
  const each = path.indexOf(EACH);
  return path
    .slice(0, each === -1 ? path.length : each)
    .map((step) => `.?${step}`)
    .join("");
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
