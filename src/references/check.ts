import { access } from "../osimage/checks/access.ts";
import { checksum, emptyChecksum } from "../osimage/checks/checksum.ts";
import { displayName } from "../osimage/checks/display-name.ts";
import { owner } from "../osimage/checks/owner.ts";
import { property } from "../osimage/checks/property.ts";
import { source } from "../osimage/checks/source.ts";
import { agree } from "../vm-operator/checks/agree.ts";
import { bootType } from "../vm-operator/checks/boot-type.ts";
import { capabilities } from "../vm-operator/checks/capabilities.ts";
import { cdromDuplicate } from "../vm-operator/checks/cdrom-duplicate.ts";
import { cdromGuestId } from "../vm-operator/checks/cdrom-guest-id.ts";
import { cdromPoweredOn } from "../vm-operator/checks/cdrom-powered-on.ts";
import { cdromType } from "../vm-operator/checks/cdrom-type.ts";
import { conversion } from "../vm-operator/checks/conversion.ts";
import { exists } from "./checks/exists.ts";
import { firmware } from "../vm-operator/checks/firmware.ts";
import { immutable } from "../vm-operator/checks/immutable.ts";
import { kind } from "../vm-operator/checks/kind.ts";
import { publishCollision } from "../vm-operator/checks/publish-collision.ts";
import { ready } from "./checks/ready.ts";
import { required } from "../vm-operator/checks/required.ts";
import { terminating } from "./checks/terminating.ts";
import { type } from "./checks/type.ts";
import type { ReviewContext } from "./context.ts";
import { type CheckId, type Level, levelsBy } from "./policy.ts";
import type { FieldProblem } from "./field-error.ts";

export interface CheckRow {
  readonly id: CheckId;
  /** What a failure does unless `--check` says otherwise. */
  readonly level: Level;
  /** When `/mutate` runs it; `/validate` runs every check but those that are `only` there. */
  readonly mutate: MutatePhase;
  /** What it demands, for people. */
  readonly rule: string;
  readonly run: (context: ReviewContext) => Iterable<FieldProblem>;
}

/**
 * `before`: no right patch exists where it fails. `only`: later nothing is to be seen of it. `after`: on the mutated
 * object, because the API server asks validating webhooks in parallel and the first refusal wins: another one's 422 would
 * let `kubectl apply --force` re-create the machine. `afterOnUpdate`: the same, but on CREATE a webhook that comes later
 * may still set the field. `never`: it warns, or speaks of what later webhooks may still do.
 */
export type MutatePhase = "before" | "only" | "after" | "afterOnUpdate" | "never";

/** The check table. */
export const CHECKS: readonly CheckRow[] = [
  {
    id: "exists",
    level: "deny",
    mutate: "before",
    rule: "a reference names exactly one image visible to this namespace",
    run: exists,
  },
  {
    id: "kind",
    level: "deny",
    mutate: "before",
    rule: "a kind is VirtualMachineImage or ClusterVirtualMachineImage",
    run: kind,
  },
  { id: "agree", level: "deny", mutate: "before", rule: "imageName and image name the same image", run: agree },
  {
    id: "required",
    level: "deny",
    mutate: "never",
    rule: "a machine has an imageName, an image or a CD-ROM, unless a privileged caller creates it",
    run: required,
  },
  {
    id: "immutable",
    level: "deny",
    mutate: "before",
    rule: "imageName and image of a machine do not change after its creation",
    run: immutable,
  },
  {
    id: "conversion",
    level: "deny",
    mutate: "only",
    rule: "the conversion annotation of a v1alpha1 or v1alpha2 machine boots the image that is written; on CREATE",
    run: conversion,
  },
  { id: "ready", level: "warn", mutate: "never", rule: "the image's Ready condition is True", run: ready },
  { id: "terminating", level: "warn", mutate: "never", rule: "the image is not being deleted", run: terminating },
  {
    id: "capabilities",
    level: "deny",
    mutate: "after",
    rule: "the image has what annotation vm-image-webhook.dev/required-capabilities asks for",
    run: capabilities,
  },
  {
    id: "cdrom-duplicate",
    level: "deny",
    mutate: "after",
    rule: "no two CD-ROMs hold the same image",
    run: cdromDuplicate,
  },
  {
    id: "cdrom-type",
    level: "deny",
    mutate: "after",
    rule: "a CD-ROM's image is of type ISO, where its type is known",
    run: cdromType,
  },
  {
    id: "cdrom-powered-on",
    level: "deny",
    mutate: "after",
    rule: "CD-ROMs are not added, removed or given another image while the machine is powered on",
    run: cdromPoweredOn,
  },
  {
    id: "cdrom-guest-id",
    level: "deny",
    mutate: "afterOnUpdate",
    rule: "a machine with CD-ROMs has a guestID",
    run: cdromGuestId,
  },
  {
    id: "firmware",
    level: "deny",
    mutate: "afterOnUpdate",
    rule: "secure boot goes with firmware efi, of the machine or of its image; firmware that only the image says, or that is unknown, warns",
    run: firmware,
  },
  {
    id: "boot-type",
    level: "warn",
    mutate: "never",
    rule: "an ISO image that a machine is to boot from is in a CD-ROM",
    run: bootType,
  },
  {
    id: "publish-collision",
    level: "warn",
    mutate: "never",
    rule: "the display names that a publish request creates are not in use and no VMI IDs; on CREATE",
    run: publishCollision,
  },
  {
    id: "access",
    level: "warn",
    mutate: "never",
    rule: "whoever names an OSImage owns it or is granted get or * by its access, where it says who may use it",
    run: access,
  },
  {
    id: "osimage-source",
    level: "deny",
    mutate: "never",
    rule: "an OSImage has what Metal3 and KubeVirt need to fetch it; what they ignore, or others may add, warns",
    run: source,
  },
  {
    id: "osimage-checksum",
    level: "deny",
    mutate: "never",
    rule: "a checksum of an OSImage can be one of its type, or is the URL of a file of checksums",
    run: checksum,
  },
  {
    id: "osimage-empty-checksum",
    level: "warn",
    mutate: "never",
    rule: "a checksum of an OSImage is not that of an empty file",
    run: emptyChecksum,
  },
  {
    id: "osimage-property",
    level: "warn",
    mutate: "never",
    rule: "a property of an OSImage with the prefix of Metal3 or KubeVirt is one that these know",
    run: property,
  },
  {
    id: "osimage-display-name",
    level: "warn",
    mutate: "never",
    rule: "no other OSImage has the display name of an OSImage, or that as its object name",
    run: displayName,
  },
  {
    id: "osimage-owner",
    level: "deny",
    mutate: "never",
    rule: "an OSImage is owned by a user or a team, not both, and entries of its access have verbs",
    run: owner,
  },
];

export const DEFAULT_LEVELS = levelsBy(CHECKS, ({ level }) => level);

export interface Findings {
  readonly denials: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

export const NO_FINDINGS: Findings = { denials: [], warnings: [] };

/** All problems of an object that its endpoint looks for, by what they do; at `/mutate` those before mutation. */
export function runChecks(context: ReviewContext): Findings {
  const isAtMutate = context.subject.endpoint === "mutate";
  const found = run(context, ({ mutate }) =>
    isAtMutate ? mutate === "before" || mutate === "only" : mutate !== "only",
  );
  return { denials: [...type(context), ...found.denials], warnings: found.warnings };
}

/**
 * What `/mutate` refuses of the mutated object, whose context is that of `/validate`. Warnings are left to `/validate`:
 * a person reads those of both.
 */
export function refusalsAfterMutation(context: ReviewContext): readonly FieldProblem[] {
  const { subject, policy } = context;
  const isUpdate = subject.operation === "UPDATE";
  return run(
    context,
    ({ id, mutate }) =>
      policy.levels[id] === "deny" && (mutate === "after" || (isUpdate && mutate === "afterOnUpdate")),
  ).denials;
}

function run(context: ReviewContext, isAsked: (check: CheckRow) => boolean): Findings {
  const denials: FieldProblem[] = [];
  const warnings: FieldProblem[] = [];
  for (const check of CHECKS) {
    const level = context.policy.levels[check.id];
    if (level === "off" || !isAsked(check)) continue;
    for (const problem of check.run(context)) {
      (level === "deny" && problem.onlyWarns !== true ? denials : warnings).push(problem);
    }
  }
  return { denials, warnings };
}

/** Checks that see at `/mutate` what nothing shows later: what they warn of is said there. */
export function isSeenOnlyAtMutate({ check }: FieldProblem): boolean {
  return CHECKS.some(({ id, mutate }) => id === check && mutate === "only");
}
