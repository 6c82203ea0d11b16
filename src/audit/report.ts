import { AUDIT_LEVELS, type AuditFinding, type AuditLevel } from "./finding.ts";

export type LevelCounts = Readonly<Record<AuditLevel, number>>;

/** A kind that is not in the report, or only in part. */
export interface UnreadKind {
  readonly kind: string;
  readonly why: "absent" | "forbidden";
  /** What the API server said. */
  readonly message: string;
  /** A command that shows the right which is missing; undefined where the kind is absent. */
  readonly command: string | undefined;
}

export interface AuditedNamespace extends LevelCounts {
  /** Undefined for objects of the cluster. */
  readonly namespace: string | undefined;
  /** Objects that were audited. */
  readonly objects: number;
  readonly findings: readonly AuditFinding[];
}

export interface AuditReport {
  readonly totals: LevelCounts & { readonly namespaces: number; readonly objects: number };
  /** In the order of their names; objects of the cluster come last. */
  readonly namespaces: readonly AuditedNamespace[];
  readonly unread: readonly UnreadKind[];
}

/** What is known of one object. */
export interface AuditedResult {
  readonly namespace: string | undefined;
  readonly findings: readonly AuditFinding[];
}

/** Orders results by namespace, kind and name, and the findings of one object by level. */
export function reportOf(results: Iterable<AuditedResult>, unread: readonly UnreadKind[]): AuditReport {
  const namespaces = [...Map.groupBy(results, ({ namespace }) => namespace)]
    .map(([namespace, audited]): AuditedNamespace => {
      const findings = audited.flatMap((each) => each.findings).sort(inOrder);
      return { namespace, objects: audited.length, ...levelCounts(findings), findings };
    })
    .sort((one, other) => compare(one.namespace ?? LAST, other.namespace ?? LAST));
  const objects = namespaces.reduce((sum, each) => sum + each.objects, 0);
  return {
    totals: {
      namespaces: namespaces.length,
      objects,
      ...levelCounts(namespaces.flatMap(({ findings }) => findings)),
    },
    namespaces,
    unread,
  };
}

/** After every name of a namespace, which is made of letters, digits and hyphens. */
const LAST = "~";

function levelCounts(findings: readonly AuditFinding[]): LevelCounts {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { level } of findings) counts[level]++;
  return counts;
}

function inOrder(one: AuditFinding, other: AuditFinding): number {
  return (
    compare(one.kind, other.kind) ||
    compare(one.name, other.name) ||
    AUDIT_LEVELS.indexOf(one.level) - AUDIT_LEVELS.indexOf(other.level)
  );
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
