/**
 * The part of vm-operator's webhooks for machines that is about images and CD-ROMs, as a test oracle: transcribed from
 * webhooks/virtualmachine/mutation/virtualmachine_mutator.go, webhooks/virtualmachine/validation/
 * virtualmachine_validator.go and pkg/util/vmopv1/vm.go (commit 506dc5d), with their order of functions and their
 * messages.
 */
import type { Image } from "../../src/images/image.ts";
import { at, isJsonObject, isSameJson, listAt, textAt } from "../../src/common/json.ts";

export interface ImageRef {
  readonly kind: string;
  readonly name: string;
}

/** A machine as vm-operator's webhooks see it: converted to the newest version. */
export interface HubMachine {
  readonly imageName: string;
  readonly image: ImageRef | undefined;
  readonly cdroms: readonly { readonly name: string; readonly connected: boolean; readonly image: ImageRef }[];
}

export type Outcome =
  { readonly is: "denied"; readonly message: string } | { readonly is: "admitted"; readonly machine: HubMachine };

/** pkg/config: what a Supervisor may have switched on. */
export type Feature = "VMImportNewNet" | "VMIncrementalRestore";

/** What a request brings besides the machine. Validation reads its other facts from the objects. */
export interface Review {
  readonly version: string;
  readonly object: unknown;
  /** On UPDATE. */
  readonly oldObject?: unknown;
  readonly privileged: boolean;
  readonly features: readonly Feature[];
}

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const SKIP_VALIDATION = "vmoperator.vmware.com.protected/skip-validation";
const FAILED_OVER_VM = "vmoperator.vmware.com/failed-over-vm";
const ADMIN_ANNOTATIONS = ["vmoperator.vmware.com/imported-vm", "vmoperator.vmware.com/restored-vm", FAILED_OVER_VM];
const POWER_ON_CHECK = "poweron.check.vmoperator.vmware.com";
const FORBIDDEN_WHEN_ON = "Forbidden: updates to this field is not allowed when VM power is on";

/** Both webhooks, one after the other; pkg/builder fn Handle and HandleValidate. */
export function admit(review: Review, images: readonly Image[], namespace: string): Outcome {
  const { version, object, oldObject } = review;
  const machine = toHub(version, object);
  if (oldObject !== undefined && textAt(object, ["metadata", "deletionTimestamp"]) !== "") {
    return { is: "admitted", machine };
  }
  const mutated =
    oldObject === undefined
      ? mutateOnCreate(machine, images, namespace)
      : mutateOnUpdate(machine, toHub(version, oldObject));
  if (mutated.is === "denied" || hasAnnotation(object, SKIP_VALIDATION)) return mutated;
  const errors = [
    ...(oldObject === undefined ? validateImageOnCreate(mutated.machine, review) : onUpdate(mutated.machine, review)),
    ...validateCdrom(mutated.machine, object),
    ...validateBootOptions(object),
    ...validateAnnotation(review),
  ];
  return errors.length === 0 ? mutated : { is: "denied", message: errors.join(", ") };
}

/** Conversion on CREATE: v1alpha1 and v1alpha2 bring no image, CD-ROMs moved below hardware in v1alpha5. */
export function toHub(version: string, object: unknown): HubMachine {
  const hasImage = !["v1alpha1", "v1alpha2"].includes(version) && isJsonObject(at(object, ["spec", "image"]));
  const cdroms = ["v1alpha3", "v1alpha4"].includes(version)
    ? listAt(object, ["spec", "cdrom"])
    : ["v1alpha5", "v1alpha6"].includes(version)
      ? listAt(object, ["spec", "hardware", "cdrom"])
      : [];
  return {
    imageName: textAt(object, ["spec", "imageName"]),
    image: hasImage ? refOf(at(object, ["spec", "image"])) : undefined,
    cdroms: cdroms.map((cdrom) => ({
      name: textAt(cdrom, ["name"]),
      connected: at(cdrom, ["connected"]) !== false,
      image: refOf(at(cdrom, ["image"])),
    })),
  };
}

function refOf(value: unknown): ImageRef {
  return { kind: textAt(value, ["kind"]), name: textAt(value, ["name"]) };
}

export function mutateOnCreate(machine: HubMachine, images: readonly Image[], namespace: string): Outcome {
  return resolveImageNameOnCreate(setImageNameFromCdrom(setDefaultCdromImgKindOnCreate(machine)), images, namespace);
}

function setDefaultCdromImgKindOnCreate(machine: HubMachine): HubMachine {
  return withCdromKinds(machine, ({ kind }) => kind || VMI);
}

/** SetDefaultCdromImgKindOnUpdate: only what was the default before becomes it again. */
function mutateOnUpdate(machine: HubMachine, old: HubMachine): Outcome {
  const oldKinds = new Map(old.cdroms.map(({ image }) => [image.name, image.kind]));
  const kindOf = ({ kind, name }: ImageRef): string => (kind === "" && oldKinds.get(name) === VMI ? VMI : kind);
  return { is: "admitted", machine: withCdromKinds(machine, kindOf) };
}

function withCdromKinds(machine: HubMachine, kindOf: (image: ImageRef) => string): HubMachine {
  const cdroms = machine.cdroms.map((cdrom) => ({ ...cdrom, image: { ...cdrom.image, kind: kindOf(cdrom.image) } }));
  return { ...machine, cdroms };
}

function setImageNameFromCdrom(machine: HubMachine): HubMachine {
  const [first] = machine.cdroms;
  if (machine.imageName !== "" || first === undefined) return machine;
  return { ...machine, imageName: (machine.cdroms.find(({ connected }) => connected) ?? first).image.name };
}

function resolveImageNameOnCreate(machine: HubMachine, images: readonly Image[], namespace: string): Outcome {
  const { imageName, image } = machine;
  if (imageName === "") return { is: "admitted", machine };
  const resolved = resolveImageName(imageName, images, namespace);
  if (typeof resolved === "string") return { is: "denied", message: resolved };
  const { kind, name } = resolved;
  if (image === undefined) return { is: "admitted", machine: { ...machine, image: { kind, name } } };
  if (image.kind === kind && image.name === name) return { is: "admitted", machine };
  const message = `spec.imageName: Invalid value: "${imageName}": must refer to the same resource as spec.image`;
  return { is: "denied", message };
}

function resolveImageName(name: string, images: readonly Image[], namespace: string): ImageRef | string {
  const namespaced = images.filter((image) => image.kind === VMI && image.namespace === namespace);
  const cluster = images.filter((image) => image.kind === CVMI);
  if (name.startsWith("vmi-")) {
    const image = [...namespaced, ...cluster].find((each) => each.name === name);
    return image ?? `no VM image exists for "${name}" in namespace or cluster scope`;
  }
  const inNamespace = namespaced.filter((image) => image.displayName === name);
  const inCluster = cluster.filter((image) => image.displayName === name);
  if (inNamespace.length > 1) return `multiple VM images exist for "${name}" in namespace scope`;
  if (inCluster.length > 1) return `multiple VM images exist for "${name}" in cluster scope`;
  if (inNamespace.length + inCluster.length > 1) {
    return `multiple VM images exist for "${name}" in namespace and cluster scope`;
  }
  return inNamespace[0] ?? inCluster[0] ?? `no VM image exists for "${name}" in namespace or cluster scope`;
}

/** pkg/util/vmopv1 fn IsImagelessVM. */
function isImageless({ image, imageName }: HubMachine): boolean {
  return image === undefined && imageName === "";
}

function validateImageOnCreate(machine: HubMachine, { features, privileged }: Review): readonly string[] {
  const supported = `supported: ${VMI}; ${CVMI}`;
  if (isImageless(machine) && features.length > 0) {
    return privileged ? [] : ["spec.image: Forbidden: restricted to privileged users"];
  }
  if (machine.image === undefined) return ["spec.image: Required value"];
  const { kind } = machine.image;
  if (kind === "") return [`spec.image.kind: Required value: ${supported}`];
  return isSupported(kind) ? [] : [`spec.image.kind: Invalid value: "${kind}": ${supported}`];
}

function isSupported(kind: string): boolean {
  return kind === VMI || kind === CVMI;
}

function onUpdate(machine: HubMachine, review: Review): readonly string[] {
  const { version, object, oldObject } = review;
  const old = toHub(version, oldObject);
  return [
    ...validateImageOnUpdate(machine, old, review),
    ...(isOnThroughout(object, oldObject) ? validateUpdatesWhenPoweredOn(machine, old, review) : []),
  ];
}

function validateImageOnUpdate(machine: HubMachine, old: HubMachine, review: Review): readonly string[] {
  const changed = [
    ...(machine.imageName === old.imageName ? [] : ["imageName" as const]),
    ...(isSameJson(machine.image, old.image) ? [] : ["image" as const]),
  ];
  const mayUnset = review.features.includes("VMIncrementalRestore") && hasAnnotation(review.object, FAILED_OVER_VM);
  if (mayUnset && isImageless(machine)) {
    return review.privileged ? [] : changed.map((field) => `spec.${field}: Forbidden: restricted to privileged users`);
  }
  return changed.map((field) => {
    const value = JSON.stringify(machine[field] ?? null);
    return `spec.${field}: Invalid value: ${value}: field is immutable`;
  });
}

/** validateCdrom */
function validateCdrom({ cdroms }: HubMachine, object: unknown): readonly string[] {
  if (cdroms.length === 0) return [];
  const hasGuest = textAt(object, ["spec", "guestID"]) !== "";
  const errors = hasGuest ? [] : ["spec.guestID: Required value: when deploying a VM with CD-ROMs"];
  const names = cdroms.map(({ image }) => image.name);
  for (const [index, { image }] of cdroms.entries()) {
    const field = `spec.hardware.cdrom[${index}].image`;
    if (!isSupported(image.kind)) {
      errors.push(`${field}.kind: Unsupported value: "${image.kind}": supported values: "${VMI}", "${CVMI}"`);
    }
    if (names.indexOf(image.name) !== index) errors.push(`${field}.name: Duplicate value: "${image.name}"`);
  }
  return errors;
}

/** validatePowerStateOnUpdate, which takes the key of the check annotation for a prefix. */
function isOnThroughout(object: unknown, oldObject: unknown): boolean {
  const isHalted = Object.keys(at(oldObject, ["metadata", "annotations"]) ?? {}).some((key) =>
    key.startsWith(POWER_ON_CHECK),
  );
  return !isHalted && [object, oldObject].every((each) => textAt(each, ["spec", "powerState"]) === "PoweredOn");
}

function validateUpdatesWhenPoweredOn(
  machine: HubMachine,
  old: HubMachine,
  { object, oldObject }: Review,
): readonly string[] {
  const keepsGuest = textAt(object, ["spec", "guestID"]) === textAt(oldObject, ["spec", "guestID"]);
  const keepsBootOptions = isSameJson(at(object, ["spec", "bootOptions"]), at(oldObject, ["spec", "bootOptions"]));
  return [
    ...(keepsGuest ? [] : [`spec.guestID: ${FORBIDDEN_WHEN_ON}`]),
    ...validateCdromWhenPoweredOn(machine, old),
    ...(keepsBootOptions ? [] : [`spec.bootOptions: ${FORBIDDEN_WHEN_ON}`]),
  ];
}

function validateCdromWhenPoweredOn(machine: HubMachine, old: HubMachine): readonly string[] {
  const field = "spec.hardware.cdrom";
  if (machine.cdroms.length !== old.cdroms.length) return [`${field}: ${FORBIDDEN_WHEN_ON}`];
  const oldImages = new Map(old.cdroms.map(({ name, image }) => [name, image]));
  const gone = old.cdroms.filter((cdrom) => !machine.cdroms.some(({ name }) => name === cdrom.name));
  return [
    ...gone.map(() => `${field}.name: Forbidden: removing CD-ROMs is not allowed when VM is powered on`),
    ...machine.cdroms.flatMap(({ name, image }, index) => {
      const oldImage = oldImages.get(name);
      if (oldImage === undefined) {
        return `${field}[${index}].name: Forbidden: adding new CD-ROMs is not allowed when VM is powered on`;
      }
      return isSameJson(image, oldImage) ? [] : `${field}[${index}].image: ${FORBIDDEN_WHEN_ON}`;
    }),
  ];
}

function validateBootOptions(object: unknown): readonly string[] {
  const options = at(object, ["spec", "bootOptions"]);
  if (textAt(options, ["efiSecureBoot"]) !== "Enabled" || textAt(options, ["firmware"]) === "efi") return [];
  return ["spec.bootOptions.efiSecureBoot: Forbidden: cannot set efiSecureBoot when image firmware is not 'efi'"];
}

/** It compares values, so that an empty one slips through. */
function validateAnnotation({ object, oldObject, privileged }: Review): readonly string[] {
  if (privileged) return [];
  const valueOf = (machine: unknown, key: string): string => textAt(machine, ["metadata", "annotations", key]);
  return ADMIN_ANNOTATIONS.filter((key) => valueOf(object, key) !== valueOf(oldObject, key)).map(
    (key) => `metadata.annotations[${key}]: Forbidden: modifying this annotation is not allowed for non-admin users`,
  );
}

function hasAnnotation(object: unknown, key: string): boolean {
  return at(object, ["metadata", "annotations", key]) !== undefined;
}
