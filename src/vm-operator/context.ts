import type { ImageIndex } from "../images/image-index.ts";
import type { ChangingReference } from "../references/changing-reference.ts";
import { type ResolvedContext, reviewContext, type ReviewContext } from "../references/context.ts";
import { type Lookup, resolveReference } from "../references/resolve-reference.ts";
import type { AdmissionTarget } from "../references/target.ts";
import { isAdmittedAsSent } from "./admitted-as-sent.ts";
import { type BootImage, resolveBoot } from "./boot.ts";
import { bootOf, type BootReferences, changedFrom } from "./boot-references.ts";
import { type Cdrom, cdromsOf } from "./cdroms.ts";
import { type RestoredBoot, restoredBoot, type RestoredMachine } from "./conversion.ts";
import type { MachinePolicy } from "./policy.ts";
import { type BootChanges, bootChanges } from "./stored-boot.ts";
import { cdromBoot } from "./template-boot.ts";

/** A machine, a template of machines or a publish request under review: parsed, compared and resolved once. */
export interface MachineContext extends MachineReferences, ResolvedContext {
  readonly policy: MachinePolicy;
  /** Results of comparing the boot references with the stored ones; on UPDATE. */
  readonly changes: BootChanges | undefined;
  /** What the boot references mean; `unchanged` where no check reads it. */
  readonly bootImage: BootImage;
  /** Result of comparing the image of vm-operator's annotation with the written one; undefined where that is not done. */
  readonly restoredBoot: RestoredBoot | undefined;
}

/** The part that is known before any boot reference is resolved. */
export interface MachineReferences extends RestoringContext {
  readonly boot: BootReferences;
  readonly oldBoot: BootReferences | undefined;
  readonly cdroms: readonly Cdrom[];
}

/** The part that is known before any reference is compared. */
export interface RestoringContext extends ReviewContext {
  readonly policy: MachinePolicy;
  /** The machine that vm-operator restores in place of the references of the object; v1alpha1 and v1alpha2 only. */
  readonly restored: RestoredMachine | undefined;
}

export interface MachineContextOptions {
  readonly index: ImageIndex;
  readonly policy: MachinePolicy;
  readonly restored: RestoredMachine | undefined;
}

export function machineContext(
  target: AdmissionTarget,
  { index, policy, restored }: MachineContextOptions,
): MachineContext {
  const restoring: RestoringContext = { ...reviewContext(target, index, policy), policy, restored };
  const { parsed, oldParsed } = restoring;
  const references: MachineReferences = {
    ...restoring,
    boot: bootOf(parsed),
    oldBoot: oldParsed === undefined ? undefined : bootOf(oldParsed),
    cdroms: cdromsOf(restoring),
  };
  const changes = references.oldBoot === undefined ? undefined : bootChanges(references, references.oldBoot);
  const bootImage: BootImage = needsImage(references, changes) ? resolveBoot(references) : UNCHANGED;
  const lookups = [...bootLookups(references, bootImage), ...lookupsOf(references.cdroms)];
  return { ...references, changes, bootImage, restoredBoot: comparedBoot(references), lookups };
}

const UNCHANGED: BootImage = { is: "unchanged" };

/** On CREATE at `/mutate`: the object comes back from vm-operator with an annotation that agrees. */
function comparedBoot(context: MachineReferences): RestoredBoot | undefined {
  const { target, boot, parsed, restored } = context;
  if (restored === undefined || boot.imageName === undefined || parsed.malformed.length > 0) return undefined;
  if (target.operation !== "CREATE" || target.endpoint !== "mutate") return undefined;
  return restoredBoot(context, restored, boot.imageName);
}

/**
 * A `spec.image` that is admitted as sent does not say what the `imageName` beside it means: vm-operator resolves that,
 * so it is looked up, too.
 */
function bootLookups(context: MachineReferences, bootImage: BootImage): readonly Lookup[] {
  if (!("reference" in bootImage) || bootImage.reference.role !== "boot") return [];
  const { imageName } = context.boot;
  if (bootImage.is !== "unresolved" || imageName?.name === undefined) return [bootImage];
  if (!isAdmittedAsSent(context, bootImage.reference)) return [bootImage];
  const beside = resolveReference(context, imageName);
  return beside.is === "resolved" ? [bootImage] : [beside, bootImage];
}

function lookupsOf(cdroms: readonly ChangingReference[]): readonly Lookup[] {
  return cdroms.flatMap(({ lookup }) => lookup ?? []);
}

/** Only a changed reference is resolved; one that is refused for its change is not resolved. */
function needsImage(context: MachineReferences, changes: BootChanges | undefined): boolean {
  const { target, policy, boot, oldBoot } = context;
  if (oldBoot === undefined || changes === undefined) return true;
  const isChanged = changes.imageName.is === "changed" || changes.image.is === "changed";
  const isRefused = policy.levels["immutable"] === "deny" && !target.skipsChecks;
  if (isChanged && !target.isTemplate && isRefused) return false;
  if (target.endpoint === "validate") return changedFrom(boot, oldBoot);
  return isChanged || cdromBoot(context).is === "moved";
}
