import { decider } from "../admission/decide.ts";
import { auditObject, findingOf } from "../audit/audit-object.ts";
import { type AuditedResult, reportOf, type UnreadKind } from "../audit/report.ts";
import { textAt } from "../common/json.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { type Command, EXIT_DONE, EXIT_NOTHING_CHECKED, EXIT_REFUSED } from "./command.ts";
import { auditedKinds, readClusterObjects } from "./audit-cluster.ts";
import { auditImages } from "./audit-images.ts";
import { createRequest, unknownVersion } from "./findings.ts";
import { IMAGE_FLAGS } from "./image-flags.ts";
import { readManifests } from "./check.ts";
import { DEFAULT_NAMESPACE } from "./namespace.ts";
import { AUDIT_FORMATS } from "./output/audit.ts";

export const audit: Command<
  (typeof IMAGE_FLAGS)[number] | "osimage" | "namespace" | "resolution" | "check" | "audit-output"
> = {
  name: "audit",
  summary: "report what admission says about the machines that exist",
  arguments: {
    name: "FILE",
    many: true,
    optional: true,
    help: "what kubectl get -o yaml printed, or folders of it; without one, the cluster is read",
  },
  flags: [...IMAGE_FLAGS, "osimage", "namespace", "resolution", "check", "audit-output"],
  run: async (files, flags, io) => {
    // The caller of a stored object is not known, so nobody can say what its access grants.
    const levels = { ...flags.check, access: "off" } as const;
    const { resolution, namespace } = flags;
    const decide = decider({ resolution, levels, write: "both", isPrivileged: () => false, teamGroupPrefix: "" });
    const manifests =
      files.length === 0
        ? undefined
        : await io.withProgress("reading files", (progress) => readManifests(files, io, progress));
    const images = await auditImages(flags, io, manifests ?? []);
    const auditOne = (object: unknown): AuditedResult | undefined =>
      resultOf(object, { namespace: namespace ?? DEFAULT_NAMESPACE, index: images.index, decide });
    const read =
      manifests === undefined
        ? await readClusterObjects(flags, io, auditOne)
        : { results: manifests.map(({ object }) => auditOne(object)), unread: [] };
    const unread: readonly UnreadKind[] = [...images.unread, ...read.unread];
    const results = read.results.filter((each) => each !== undefined);
    const report = reportOf(
      results.filter((each) => namespace === undefined || each.namespace === namespace),
      unread,
    );
    io.print(AUDIT_FORMATS[flags["audit-output"]](report));
    if (report.totals.error > 0) return EXIT_REFUSED;
    const isIncomplete = unread.some(({ why }) => why === "forbidden");
    return isIncomplete || report.totals.objects === 0 ? EXIT_NOTHING_CHECKED : EXIT_DONE;
  },
};

interface AuditInput {
  /** Of objects without one. */
  readonly namespace: string;
  readonly index: ImageIndex;
  readonly decide: ReturnType<typeof decider>;
}

/** Undefined for an object of a kind that is not audited. */
function resultOf(object: unknown, { namespace, index, decide }: AuditInput): AuditedResult | undefined {
  const kind = textAt(object, ["kind"]);
  const [group = ""] = textAt(object, ["apiVersion"]).split("/");
  if (!auditedKinds({ osimage: true }).some((each) => each.kind === kind && each.groups.includes(group)))
    return undefined;
  const request = createRequest({ object }, namespace);
  if (request !== undefined) return { namespace: request.namespace, findings: auditObject(request, index, decide) };
  const subject = {
    kind,
    namespace: textAt(object, ["metadata", "namespace"]) || namespace,
    name: textAt(object, ["metadata", "name"]),
  };
  const findings = unknownVersion({ object }, "audited").map(({ field, message }) =>
    findingOf(subject, { id: "unknown-version", field, message, remedy: undefined }),
  );
  return { namespace: subject.namespace, findings };
}
