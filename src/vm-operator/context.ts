import type { ImageIndex } from "../images/image-index.ts";
import type { ChangingReference } from "../references/changing-reference.ts";
import { type ResolvedContext, reviewContext, type ReviewContext } from "../references/context.ts";
import { type Lookup, resolveReference } from "../references/resolve-reference.ts";
import type { AdmissionTarget } from "../references/target.ts";
import { isAdmittedAsSent } from "./admitted-as-sent.ts";
import { type BootImage, resolveBoot } from "./boot.ts";
import { bootReferencesOf, type BootReferences, changedFrom } from "./boot-references.ts";
import { type Cdrom, cdromsOf } from "./cdroms.ts";
import { type ConvertedBoot, convertedBoot, type ConvertedMachine } from "./conversion.ts";
import type { MachinePolicy } from "./policy.ts";
import { type BootChanges, bootChanges } from "./boot-changes.ts";
import { cdromBoot } from "./template-boot.ts";

/** A machine, a template of machines or a publish request under review: parsed, compared and resolved once. */
export interface MachineContext extends MachineReferences, ResolvedContext {
  readonly policy: MachinePolicy;
  /** Results of comparing the boot references with the stored ones; on UPDATE. */
  readonly changes: BootChanges | undefined;
  /** What the boot references mean; `unchanged` where no check reads it. */
  readonly bootImage: BootImage;
  /** Result of comparing the image of vm-operator's annotation with the written one; undefined where that is not done. */
  readonly convertedBoot: ConvertedBoot | undefined;
}

/** The part that is known before any boot reference is resolved. */
export interface MachineReferences extends ConversionContext {
  readonly boot: BootReferences;
  readonly oldBoot: BootReferences | undefined;
  readonly cdroms: readonly Cdrom[];
}

/** The part that is known before any reference is compared. */
export interface ConversionContext extends ReviewContext {
  readonly policy: MachinePolicy;
  /** The machine that vm-operator restores in place of the references of the object; v1alpha1 and v1alpha2 only. */
  readonly converted: ConvertedMachine | undefined;
}

export interface MachineContextOptions {
  readonly index: ImageIndex;
  readonly policy: MachinePolicy;
  readonly converted: ConvertedMachine | undefined;
}

export function machineContext(
  target: AdmissionTarget,
  { index, policy, converted }: MachineContextOptions,
): MachineContext {
  const converting: ConversionContext = { ...reviewContext(target, index, policy), policy, converted };
  const { parsed, oldParsed } = converting;
  const references: MachineReferences = {
    ...converting,
    boot: bootReferencesOf(parsed),
    oldBoot: oldParsed === undefined ? undefined : bootReferencesOf(oldParsed),
    cdroms: cdromsOf(converting),
  };
  const changes = references.oldBoot === undefined ? undefined : bootChanges(references, references.oldBoot);
  const bootImage: BootImage = mustResolveBoot(references, changes) ? resolveBoot(references) : UNCHANGED;
  const lookups = [...bootLookups(references, bootImage), ...lookupsOf(references.cdroms)];
  return { ...references, changes, bootImage, convertedBoot: compareWithConversion(references), lookups };
}

const UNCHANGED: BootImage = { is: "unchanged" };

/** On CREATE at `/mutate`: the object comes back from vm-operator with an annotation that agrees. */
function compareWithConversion(context: MachineReferences): ConvertedBoot | undefined {
  const { target, boot, parsed, converted } = context;
  if (converted === undefined || boot.imageName === undefined || parsed.malformed.length > 0) return undefined;
  if (target.operation !== "CREATE" || target.endpoint !== "mutate") return undefined;
  return convertedBoot(context, converted, boot.imageName);
}

/**
 * A `spec.image` that is admitted as sent does not say what an `imageName` together with it means: vm-operator resolves
 * that, so it is looked up, too.
 */
function bootLookups(context: MachineReferences, bootImage: BootImage): readonly Lookup[] {
  if (!("reference" in bootImage) || bootImage.reference.role !== "boot") return [];
  const { imageName } = context.boot;
  if (bootImage.is !== "unresolved" || imageName?.name === undefined) return [bootImage];
  if (!isAdmittedAsSent(context, bootImage.reference)) return [bootImage];
  const lookup = resolveReference(context, imageName);
  return lookup.is === "resolved" ? [bootImage] : [lookup, bootImage];
}

function lookupsOf(cdroms: readonly ChangingReference[]): readonly Lookup[] {
  return cdroms.flatMap(({ lookup }) => lookup ?? []);
}

/** Only a changed reference is resolved; one that is refused for its change is not resolved. */
function mustResolveBoot(context: MachineReferences, changes: BootChanges | undefined): boolean {
  const { target, policy, boot, oldBoot } = context;
  if (oldBoot === undefined || changes === undefined) return true;
  const isChanged = changes.imageName.is === "changed" || changes.image.is === "changed";
  const isRefused = policy.levels["immutable"] === "deny" && !target.skipsChecks;
  if (isChanged && !target.isTemplate && isRefused) return false;
  if (target.endpoint === "validate") return changedFrom(boot, oldBoot);
  return isChanged || cdromBoot(context).is === "moved";
}
