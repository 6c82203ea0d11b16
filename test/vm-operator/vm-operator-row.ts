/**
 * What vm-operator decides about images and CD-ROMs (commit 506dc5d), one row for each statement. Where the webhook
 * differs on purpose, the row names the row of the documented differences. vm-operator.test.ts checks both sides.
 */
import type { Image } from "../../src/images/image.ts";
import type { RequestFacts } from "../support/admission.ts";
import { cvmi, vmi } from "../support/catalogue.ts";
import type { Feature } from "../support/vm-operator.ts";

/** Boot image first, then the CD-ROMs': `dev/vmi-a` is of the namespace, `cluster/vmi-c` of the cluster. */
export type Images = readonly string[];
export type Upstream =
  { readonly is: "denied"; readonly message: string } | { readonly is: "admitted"; readonly images: Images };

/**
 * `left`: the webhook admits it, and vm-operator denies it afterwards. `warned`: the webhook admits it with a warning.
 */
export interface Difference {
  /** The first cell of the row in the table of differences. */
  readonly cell: string;
  readonly is: "refused" | "admitted" | "warned" | "left";
  /** Images that vm-operator boots after the webhook; for `admitted` only. */
  readonly images?: Images;
  /** The difference exists only with this resolution; with `strict` the webhook decides as vm-operator. */
  readonly resolution?: "namespace-first";
}

export interface Row {
  readonly title: string;
  readonly source: string;
  readonly metadata?: object;
  readonly spec: object;
  readonly facts?: RequestFacts;
  readonly features?: readonly Feature[];
  readonly upstream: Upstream;
  readonly difference?: Difference;
  /** The oracle does not model it: another webhook, another kind, or a fact that an Image does not have. */
  readonly isBeyondOracle?: true;
}

export const MUTATOR = "webhooks/virtualmachine/mutation/virtualmachine_mutator.go";
export const VALIDATOR = "webhooks/virtualmachine/validation/virtualmachine_validator.go";
export const RESOLVE_NAME = "pkg/util/vmopv1/vm.go ResolveImageName";
export const RESOLVE_ON_CREATE = `${MUTATOR} ResolveImageNameOnCreate`;
export const KIND_ON_CREATE = `${MUTATOR} SetDefaultCdromImgKindOnCreate`;
export const KIND_ON_UPDATE = `${MUTATOR} SetDefaultCdromImgKindOnUpdate`;
export const NAME_FROM_CDROM = `${MUTATOR} SetImageNameFromCdrom`;
export const IMAGE_ON_CREATE = `${VALIDATOR} validateImageOnCreate`;
export const IMAGE_ON_UPDATE = `${VALIDATOR} validateImageOnUpdate`;
export const CDROM = `${VALIDATOR} validateCdrom`;
export const CDROM_WHEN_ON = `${VALIDATOR} validateCdromWhenPoweredOn`;
export const BOOT_OPTIONS = `${VALIDATOR} validateBootOptions`;
export const QUOTA = "webhooks/unifiedstoragequota/validation/unifiedstoragequota_validator.go";
export const SHARED_DISKS = "virtualmachine_validator_hardware_controllers.go getVMImageConfigSpec";
export const REPLICA_SET = "webhooks/virtualmachinereplicaset";
export const PUBLISH = "webhooks/virtualmachinepublishrequest/validation/virtualmachinepublishrequest_validator.go";

export const GROUP_PUBLISH =
  "webhooks/virtualmachinegrouppublishrequest/mutation/virtualmachinegrouppublishrequest_mutator.go";

export const VMI = "VirtualMachineImage";
export const CVMI = "ClusterVirtualMachineImage";
export const ISO = { type: "ISO", firmware: undefined };
export const NOT_READY = {
  readiness: { is: "notReady", condition: "Ready", reason: "NotSynced", message: "" },
} as const;

/** Images of namespace dev, unless the row gives another. */
export const IMAGES: readonly Image[] = [
  vmi("vmi-ovf", "ubuntu", { library: "cl-a" }),
  cvmi("vmi-c", "rocky"),
  vmi("vmi-t", "twin"),
  cvmi("vmi-t", "twin"),
  vmi("vmi-p", "photon"),
  vmi("vmi-q", "photon"),
  cvmi("vmi-r", "photon"),
  vmi("vmi-a", "alma"),
  cvmi("vmi-b", "alma"),
  cvmi("vmi-d", "alma"),
  vmi("vmi-e", "debian"),
  cvmi("vmi-f", "debian"),
  vmi("vmi-n", "mint", NOT_READY),
  vmi("vmi-g", "suse"),
  vmi("vmi-h", "suse", NOT_READY),
  vmi("vmi-x", "doomed", { terminating: true }),
  vmi("vmi-y", "fedora"),
  vmi("vmi-z", "fedora", { terminating: true }),
  vmi("vmi-v", "vmi-golden"),
  vmi("vmi-w", "web-image"),
  vmi("old-item", "centos"),
  vmi("vmi-o", "of-prod", { namespace: "prod" }),
  vmi("vmi-bios", "legacy", { firmware: "bios" }),
  vmi("vmi-nofw", "unknown", { firmware: undefined }),
  vmi("vmi-i", "installer", ISO),
  vmi("vmi-j", "drivers", ISO),
  cvmi("vmi-k", "tools", ISO),
  vmi("vmi-s", "setup", ISO),
  cvmi("vmi-s", "setup", ISO),
  vmi("vmi-m", "slow", { ...ISO, ...NOT_READY }),
];

export const PRIVILEGED = { user: { name: "admin", groups: ["system:masters"] } };
export const SKIP = { annotations: { "vmoperator.vmware.com.protected/skip-validation": "" } };
export const FAILED_OVER = { annotations: { "vmoperator.vmware.com/failed-over-vm": "true" } };
export const RESTORED = { annotations: { "vmoperator.vmware.com/restored-vm": "true" } };
export const HALTED = { annotations: { "poweron.check.vmoperator.vmware.com/backup": "not yet" } };

export const OVF = ref("vmi-ovf");
export const STORED = { imageName: "vmi-ovf", image: OVF };

export function ref(name: string, kind: string | undefined = VMI): object {
  return { kind, name };
}

/** CD-ROM cd1, and so on. */
export function cd(number: number, name: string, kind = VMI, connected?: boolean): object {
  return { name: `cd${number}`, connected, image: kind === "" ? { name } : { kind, name } };
}

export function withCdroms(...cdrom: readonly object[]): { readonly guestID: string; readonly hardware: object } {
  return { guestID: "ubuntu64Guest", hardware: { cdrom } };
}

/** Spec of a stored machine, or of an UPDATE. */
export function stored(...cdrom: readonly object[]): object {
  return { ...STORED, ...withCdroms(...cdrom) };
}

/** The same spec, powered on. */
export function on(...cdrom: readonly object[]): object {
  return { ...stored(...cdrom), powerState: "PoweredOn" };
}

export function from(spec: object, metadata: object = {}): RequestFacts {
  return { oldObject: { metadata: { name: "web", ...metadata }, spec } };
}

export function denied(message: string): Upstream {
  return { is: "denied", message };
}

export function admitted(...images: Images): Upstream {
  return { is: "admitted", images };
}

export const differs = {
  refused: (cell: string): Difference => ({ cell, is: "refused" }),
  warned: (cell: string): Difference => ({ cell, is: "warned" }),
  left: (cell: string): Difference => ({ cell, is: "left" }),
  admitted: (cell: string, ...images: Images): Difference => ({ cell, is: "admitted", images }),
  namespaceFirst: (difference: Difference): Difference => ({ ...difference, resolution: "namespace-first" }),
};

export const README = {
  bothScopes: "a display name that namespace and cluster both have",
  twins: "the same object in namespace and cluster",
  libraryName: "LIBRARY/NAME",
  objectName: "an object name without `vmi-` in `imageName`",
  displayNameLikeId: "a display name that begins with `vmi-`",
  imageMissing: "`spec.image` that does not exist",
  imageWithoutKind: "`spec.image` without a kind",
  imageWithoutName: "`spec.image` with a kind and no name",
  ambiguousBesideImage: "an ambiguous `imageName` beside a `spec.image`",
  respelled: "an update that leaves the reference out, or spells the same image in another way",
  skipValidation: "`skip-validation`",
  terminating: "an image that is being deleted",
  imageAndCdroms: "`spec.image` and CD-ROMs without `imageName`",
  cdromWithoutKind: "a CD-ROM's image without a kind",
  cdromDisplayName: "a display name in a CD-ROM's image",
  cdromMissing: "a CD-ROM's image that does not exist, or is no ISO",
  cdromTwice: "two names of one image in two CD-ROMs",
  isoWithoutCdrom: "an ISO image that no CD-ROM holds",
  imageless: "a machine of a privileged caller without an image",
  kindFilled: "an update that fills an empty `kind`",
  nothingChanged: "an update that changes no reference",
  secureBoot: "secure boot where `bootOptions.firmware` is unset",
  notFilled: "an image without disks or item ID yet",
  beyondImages: "boot order, controllers, and annotations of imported, restored and failed-over machines",
  replicaSet: "the template of a ReplicaSet",
  publishName: "a publish request for a display name in use, or one that begins with `vmi-`",
  publishUpdate: "a publish request that changes its target",
} as const;

export const NO_IMAGE = (name: string): Upstream =>
  denied(`no VM image exists for "${name}" in namespace or cluster scope`);
export const OTHER_RESOURCE = (name: string): Upstream =>
  denied(`spec.imageName: Invalid value: "${name}": must refer to the same resource as spec.image`);
export const WHEN_ON = "Forbidden: updates to this field is not allowed when VM power is on";
export const SUPPORTED_KINDS = `supported values: "${VMI}", "${CVMI}"`;
export const SECURE_BOOT = denied(
  "spec.bootOptions.efiSecureBoot: Forbidden: cannot set efiSecureBoot when image firmware is not 'efi'",
);
export const ENABLED = { efiSecureBoot: "Enabled" };

/** Rows of one function of vm-operator. */
export function of(source: string, rows: readonly Omit<Row, "source">[]): readonly Row[] {
  return rows.map((row) => ({ ...row, source }));
}
