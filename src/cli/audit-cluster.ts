import { REFERENCES } from "../admission/systems.ts";
import type { AuditedResult, UnreadKind } from "../audit/report.ts";
import { SYSTEM_TIMING } from "../common/timing.ts";
import { VM_OPERATOR_GROUP } from "../images/image.ts";
import { ClusterObjects, type ObjectsRead, type WantedKind } from "../sources/cluster/cluster-source.ts";
import { clusterCredentials, type ClusterFlags } from "./cluster-flags.ts";
import type { CommandLine } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { createLog } from "./log.ts";

/** A kind whose objects are audited. */
export interface AuditedKind extends WantedKind {
  readonly versions: readonly string[];
  /** `virtualmachines` */
  readonly resource: string;
}

/** The kinds of the reference table whose objects name images; those of vCluster Platform with `osimage` only. */
export function auditedKinds({ osimage }: FlagValues<"osimage">): readonly AuditedKind[] {
  const rows = REFERENCES.filter((row) => row.role !== "creates" && (osimage || row.group === VM_OPERATOR_GROUP));
  return [...Map.groupBy(rows, ({ kind }) => kind)].flatMap(([kind, [first, ...others]]) => {
    if (first === undefined) return [];
    const { resource, scope } = first;
    const all = [first, ...others];
    const versions = [...new Set(all.flatMap((row) => row.versions))];
    return [{ kind, resource, scope, versions, groups: [...new Set(all.map(({ group }) => group))] }];
  });
}

interface ReadKinds {
  readonly results: readonly (AuditedResult | undefined)[];
  readonly unread: readonly UnreadKind[];
}

/** Audits the objects of a cluster as their pages arrive: only the findings stay in memory. */
export async function readClusterObjects(
  flags: ClusterFlags & FlagValues<"osimage" | "namespace">,
  io: CommandLine,
  audit: (object: unknown) => AuditedResult | undefined,
): Promise<ReadKinds> {
  const log = createLog(io.log, "warn");
  const source = new ClusterObjects({ credentials: clusterCredentials(flags, io, log), log, timing: SYSTEM_TIMING });
  const results: (AuditedResult | undefined)[] = [];
  const unread: UnreadKind[] = [];
  const { namespace } = flags;
  try {
    for (const wanted of auditedKinds(flags)) {
      const read = await io.withProgress(`reading ${wanted.resource}`, (progress) =>
        source.read({ wanted, namespace, decode: audit, progress }, io.stop),
      );
      if (read.is !== "read") {
        unread.push(unreadKind(wanted, read, namespace));
        continue;
      }
      for (const each of read.objects) results.push(each);
    }
  } finally {
    source.close();
  }
  return { results, unread };
}

function unreadKind(
  { kind, groups, resource }: AuditedKind,
  read: Exclude<ObjectsRead<unknown>, { is: "read" }>,
  namespace: string | undefined,
): UnreadKind {
  if (read.is === "absent") {
    return { kind, why: "absent", message: `no known version of ${groups.join(" or ")} is served`, command: undefined };
  }
  return {
    kind,
    why: "forbidden",
    message: read.message,
    command: canList(`${resource}.${groups[0] ?? ""}`, namespace),
  };
}

/** The kubectl command that shows the right to list a resource. */
export function canList(resource: string, namespace: string | undefined): string {
  return `kubectl auth can-i list ${resource} ${namespace === undefined ? "-A" : `-n ${namespace}`}`;
}
