import type { ImageKind } from "../images/image.ts";
import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import { at, textAt } from "../common/json.ts";
import type { BootImage } from "../vm-operator/boot.ts";
import { type RestoredBoot, restoredMachine } from "../vm-operator/conversion.ts";
import type { ChangingReference } from "../references/changing-reference.ts";
import {
  type Findings,
  NO_FINDINGS,
  isSeenOnlyAtMutate,
  refusalsAfterMutation,
  runChecks,
} from "../references/check.ts";
import { type ReviewContext, reviewContext, usedImages } from "../references/context.ts";
import { applyEdits } from "../references/edit.ts";
import { mutate } from "../references/mutation.ts";
import { ALL_CHECKS_OFF, type Policy } from "../references/policy.ts";
import { type FieldProblem, warningMessage } from "../references/field-error.ts";
import { excessReferences } from "../references/reference-limit.ts";
import { referenceRows } from "../vm-operator/rows.ts";
import { queryOf } from "../references/resolve-reference.ts";
import type { ReferenceRow } from "../references/row.ts";
import type { Change } from "../references/stored-reference.ts";
import type { Endpoint, Subject } from "../references/target.ts";
import { auditAnnotations, type AuditAnnotations, NOTHING_TO_AUDIT } from "./audit.ts";
import type { Judged } from "./lookups.ts";
import { patchFor, type PatchOperation } from "./json-patch.ts";
import type { IsPrivileged } from "./privileged.ts";
import type { AdmissionRequest } from "./review.ts";

/** vm-operator pkg/builder/validating_webhook.go; only privileged callers may use it here. */
const SKIP_ANNOTATION = "vmoperator.vmware.com.protected/skip-validation";

export type Decision = (
  | {
      readonly is: "allowed";
      readonly patch: readonly PatchOperation[];
      readonly warnings: readonly string[];
      /** Object names of the images that the references mean, for the log. */
      readonly images: readonly string[];
      readonly audit: AuditAnnotations;
      /** Names that the index does not know, of references that are admitted as sent. */
      readonly misses: readonly ImageQuery[];
    }
  | {
      readonly is: "refused";
      readonly problems: readonly FieldProblem[];
      readonly warnings: readonly string[];
      readonly images: readonly string[];
      /** Names that the index does not know, and the refusal is for: an image may be too new for it. */
      readonly misses: readonly ImageQuery[];
    }
  /** No decision: the API server has to ask another replica, or later. */
  | { readonly is: "undecided"; readonly because: string }
) & { readonly judged?: Judged };

/** What decides besides the request and the index. */
export interface AdmissionPolicy extends Policy {
  readonly isPrivileged: IsPrivileged;
}

const UNTOUCHED: Decision = {
  is: "allowed",
  patch: [],
  warnings: [],
  images: [],
  audit: NOTHING_TO_AUDIT,
  misses: [],
};

/** The whole of admission as one function: no I/O, no clock, no promise. */
export function decide(
  endpoint: Endpoint,
  request: AdmissionRequest,
  index: ImageIndex,
  policy: AdmissionPolicy,
): Decision {
  const { group, version, kind } = request.kind;
  const subject = subjectOf(endpoint, request, referenceRows(group, version, kind), policy);
  if (subject === undefined) return UNTOUCHED;
  const skipped = subject.privileged && at(subject.object, ["metadata", "annotations", SKIP_ANNOTATION]) !== undefined;
  if (skipped && endpoint === "validate") return UNTOUCHED;
  const excess = excessReferences(subject);
  if (excess.length > 0) return refusedUnread(excess);
  const context = reviewContext(subject, index, skipped ? { ...policy, levels: ALL_CHECKS_OFF } : policy);
  return undecided(context) ?? (skipped ? mutated(context, NO_FINDINGS) : decided(context));
}

function undecided(context: ReviewContext): Decision | undefined {
  const unsynced = unsyncedKind(context);
  if (unsynced === undefined) return undefined;
  const because = `the index has no complete list of ${unsynced} yet`;
  return { is: "undecided", because, judged: { references: context.judged } };
}

function decided(context: ReviewContext): Decision {
  const found = runChecks(context);
  if (found.denials.length > 0) return refused(context, found);
  return context.subject.endpoint === "validate" ? admitted(context, found) : mutated(context, found);
}

/** A refusal over a name that the index does not know is confirmed by its misses first. */
function refused(context: ReviewContext, findings: Findings): Decision {
  return {
    is: "refused",
    problems: findings.denials,
    warnings: findings.warnings.map(warningMessage),
    ...factsOf(context, findings),
  };
}

function admitted(context: ReviewContext, findings: Findings): Decision {
  return {
    is: "allowed",
    patch: [],
    warnings: findings.warnings.map(warningMessage),
    audit: NOTHING_TO_AUDIT,
    ...factsOf(context, findings),
  };
}

function mutated(context: ReviewContext, findings: Findings): Decision {
  const { subject, index, policy } = context;
  const mutation = mutate(context);
  const object = applyEdits(subject.object, mutation.edits);
  const later = refusalsAfterMutation(reviewContext({ ...subject, endpoint: "validate", object }, index, policy));
  if (later.length > 0) return refused(context, { denials: later, warnings: findings.warnings });
  // What other checks warn of, /validate says: a person reads the warnings of both.
  const warnings = findings.warnings.filter(isSeenOnlyAtMutate).map(warningMessage);
  return {
    is: "allowed",
    patch: patchFor(subject.object, mutation.edits),
    warnings: [...mutation.warnings, ...warnings],
    audit: auditAnnotations(mutation.pins),
    ...factsOf(context, findings),
  };
}

/** What each decision says of its references: for the log, the live read and the metrics. */
function factsOf(
  context: ReviewContext,
  findings: Findings,
): Pick<Extract<Decision, { is: "allowed" }>, "images" | "misses" | "judged"> {
  return {
    images: usedImages(context).map(({ image }) => image.name),
    misses: missesOf(context, findings),
    judged: { references: context.judged, findings },
  };
}

/** A refusal before any reference is read. */
function refusedUnread(problems: readonly FieldProblem[]): Decision {
  const judged: Judged = { references: [], findings: { denials: problems, warnings: [] } };
  return { is: "refused", problems, warnings: [], images: [], misses: [], judged };
}

/** What is to be judged; undefined for what is allowed untouched (M16, and kinds without references). */
function subjectOf(
  endpoint: Endpoint,
  request: AdmissionRequest,
  rows: readonly ReferenceRow[],
  { isPrivileged }: AdmissionPolicy,
): Subject | undefined {
  const { operation, object, oldObject, namespace, user } = request;
  if (rows.length === 0 || request.subResource !== "" || object === undefined) return undefined;
  if (operation !== "CREATE" && operation !== "UPDATE") return undefined;
  if (textAt(oldObject, ["metadata", "deletionTimestamp"]) !== "") return undefined;
  const root = rows[0]?.root ?? [];
  return {
    endpoint,
    operation,
    version: request.kind.version,
    namespace,
    user,
    privileged: isPrivileged(user),
    rows,
    root,
    isTemplate: root.length > 0,
    object,
    restored: restoredMachine({ object, rows }),
    oldObject: operation === "UPDATE" ? oldObject : undefined,
  };
}

/** Names that decide a refusal, or a reference that is admitted as sent, and that the index may not know yet. */
function missesOf(context: ReviewContext, { denials, warnings }: Findings): readonly ImageQuery[] {
  const { subject, boot, judged } = context;
  const isDecisive =
    denials.some(({ check }) => check === "exists") ||
    warnings.some(({ check, onlyWarns }) => check === "exists" && onlyWarns === true);
  const unknown = judged.filter((each) => each.is === "unresolved" && each.resolution.is === "notFound");
  const misses = isDecisive ? unknown.map(({ by }) => queryOf(context, by)) : [];
  const written =
    subject.restored !== undefined && denials.some(({ check }) => check === "conversion") ? boot.imageName : undefined;
  return written === undefined || context.bootImage.is === "resolved" ? misses : [...misses, queryOf(context, written)];
}

/** The kind whose missing list keeps us from deciding. */
function unsyncedKind(context: ReviewContext): ImageKind | undefined {
  const { bootImage, restoredBoot, changes, cdroms, properties, subject, index } = context;
  const ofBoot =
    kindMissing(bootImage) ??
    kindMissing(restoredBoot) ??
    kindMissing(changes?.imageName) ??
    kindMissing(changes?.image);
  const met = ofBoot ?? kindMissingFor(cdroms) ?? kindMissingFor(properties);
  if (met !== undefined || subject.endpoint !== "validate") return met;
  return kindsOfCollisions(context).find((kind) => !index.isSynced(kind));
}

function kindMissing(met: BootImage | Change | RestoredBoot | undefined): ImageKind | undefined {
  return met?.is === "notSynced" ? met.kind : undefined;
}

function kindMissingFor(references: readonly ChangingReference[]): ImageKind | undefined {
  for (const { change, image } of references) {
    const kind = kindMissing(change) ?? kindMissing(image);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** Of which kinds it is to be said that no image has a name: that takes all images. */
function kindsOfCollisions({ subject, policy, reading }: ReviewContext): readonly ImageKind[] {
  return reading.references
    .filter(({ role, images }) => role === "creates" && asksForCollisions(subject, policy, images))
    .flatMap(({ images }) => images);
}

function asksForCollisions({ operation }: Subject, { levels }: Policy, images: readonly ImageKind[]): boolean {
  if (images.includes("OSImage")) return levels["osimage-display-name"] !== "off";
  return levels["publish-collision"] !== "off" && operation === "CREATE";
}
