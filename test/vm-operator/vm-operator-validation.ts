import {
  type Row,
  VALIDATOR,
  CDROM,
  CDROM_WHEN_ON,
  BOOT_OPTIONS,
  QUOTA,
  SHARED_DISKS,
  REPLICA_SET,
  PUBLISH,
  GROUP_PUBLISH,
  VMI,
  CVMI,
  PRIVILEGED,
  HALTED,
  OVF,
  STORED,
  ref,
  cd,
  withCdroms,
  stored,
  on,
  from,
  denied,
  admitted,
  differs,
  README,
  WHEN_ON,
  SUPPORTED_KINDS,
  SECURE_BOOT,
  ENABLED,
  of,
} from "./vm-operator-row.ts";

/** upstream.md, section c: CD-ROMs. */
const CDROM_VALIDATION: readonly Row[] = [
  ...of(CDROM, [
    {
      says: "CD-ROMs need a guestID",
      spec: { ...withCdroms(cd(1, "vmi-i")), guestID: "" },
      there: denied("spec.guestID: Required value: when deploying a VM with CD-ROMs"),
    },
    {
      says: "beside an OVF image, too",
      spec: { ...withCdroms(cd(1, "vmi-i")), guestID: undefined, imageName: "ubuntu" },
      there: denied("spec.guestID: Required value: when deploying a VM with CD-ROMs"),
    },
    {
      says: "on an update that changes no CD-ROM, too",
      spec: { ...stored(cd(1, "vmi-i")), guestID: "" },
      facts: from(stored(cd(1, "vmi-i"))),
      there: denied("spec.guestID: Required value: when deploying a VM with CD-ROMs"),
      here: differs.left(README.nothingChanged),
    },
    {
      says: "no other kind is supported in a CD-ROM",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-i", "Secret")) },
      there: denied(`spec.hardware.cdrom[0].image.kind: Unsupported value: "Secret": ${SUPPORTED_KINDS}`),
    },
    {
      says: "no image is in two CD-ROMs",
      spec: withCdroms(cd(1, "vmi-i"), cd(2, "vmi-i")),
      there: denied('spec.hardware.cdrom[1].image.name: Duplicate value: "vmi-i"'),
    },
    {
      says: "whatever its kinds",
      spec: withCdroms(cd(1, "vmi-s"), cd(2, "vmi-s", CVMI)),
      there: denied('spec.hardware.cdrom[1].image.name: Duplicate value: "vmi-s"'),
    },
    {
      says: "two names of one image are not the same",
      spec: withCdroms(cd(1, "vmi-i"), cd(2, "installer", "")),
      there: admitted("dev/vmi-i", "dev/vmi-i", "dev/installer"),
      here: differs.refused(README.cdromTwice),
    },
    {
      says: "existence of a CD-ROM's image is not looked at",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-gone")) },
      there: admitted("dev/vmi-ovf", "dev/vmi-gone"),
      here: differs.refused(README.cdromMissing),
    },
    {
      says: "nor its type",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-bios")) },
      there: admitted("dev/vmi-ovf", "dev/vmi-bios"),
      here: differs.refused(README.cdromMissing),
    },
    {
      says: "nor its readiness",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-m")) },
      there: admitted("dev/vmi-ovf", "dev/vmi-m"),
    },
  ]),
  ...of(`${VALIDATOR} validateCdromControllerSpecsOnCreate`, [
    {
      says: "a controller's type goes with its bus (feature VMSharedDisks)",
      spec: withCdroms({ ...cd(1, "vmi-i"), controllerType: "IDE" }),
      there: denied(
        "spec.hardware.cdrom[0].controllerBusNumber: Required value: must be set when controllerType is specified",
      ),
      here: differs.left(README.beyondImages),
      isBeyondOracle: true,
    },
  ]),
  ...of(CDROM_WHEN_ON, [
    {
      says: "a running machine gets no CD-ROM",
      spec: on(cd(1, "vmi-i"), cd(2, "vmi-j")),
      facts: from(on(cd(1, "vmi-i"))),
      there: denied(`spec.hardware.cdrom: ${WHEN_ON}`),
    },
    {
      says: "nor loses one",
      spec: on(),
      facts: from(on(cd(1, "vmi-i"))),
      there: denied(`spec.hardware.cdrom: ${WHEN_ON}`),
    },
    {
      says: "nor has one renamed",
      spec: on(cd(2, "vmi-i")),
      facts: from(on(cd(1, "vmi-i"))),
      there: denied(
        "spec.hardware.cdrom.name: Forbidden: removing CD-ROMs is not allowed when VM is powered on, spec.hardware.cdrom[0].name: Forbidden: adding new CD-ROMs is not allowed when VM is powered on",
      ),
    },
    {
      says: "nor another image in one",
      spec: on(cd(1, "vmi-j")),
      facts: from(on(cd(1, "vmi-i"))),
      there: denied(`spec.hardware.cdrom[0].image: ${WHEN_ON}`),
    },
    {
      says: "nor another spelling of it",
      spec: on(cd(1, "installer")),
      facts: from(on(cd(1, "vmi-i"))),
      there: denied(`spec.hardware.cdrom[0].image: ${WHEN_ON}`),
      here: differs.admitted(README.respelled, "dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      says: "connected and allowGuestControl may change, and the order",
      spec: on(cd(2, "vmi-j"), { ...cd(1, "vmi-i", VMI, false), allowGuestControl: false }),
      facts: from(on(cd(1, "vmi-i"), cd(2, "vmi-j"))),
      there: admitted("dev/vmi-ovf", "dev/vmi-j", "dev/vmi-i"),
    },
    {
      says: "a suspended machine is not restricted",
      spec: { ...stored(cd(1, "vmi-j"), cd(2, "vmi-k", CVMI)), powerState: "Suspended" },
      facts: from({ ...stored(cd(1, "vmi-i")), powerState: "Suspended" }),
      there: admitted("dev/vmi-ovf", "dev/vmi-j", "cluster/vmi-k"),
    },
    {
      says: "nor one that is to be powered off",
      spec: { ...stored(cd(1, "vmi-j")), powerState: "PoweredOff" },
      facts: from(on(cd(1, "vmi-i"))),
      there: admitted("dev/vmi-ovf", "dev/vmi-j"),
    },
    {
      says: "nor one that was off",
      spec: on(cd(1, "vmi-j")),
      facts: from({ ...stored(cd(1, "vmi-i")), powerState: "PoweredOff" }),
      there: admitted("dev/vmi-ovf", "dev/vmi-j"),
    },
  ]),
  ...of(`${VALIDATOR} validatePowerStateOnUpdate`, [
    {
      says: "nor one that a check annotation keeps off",
      metadata: HALTED,
      spec: on(cd(1, "vmi-j")),
      facts: from(on(cd(1, "vmi-i")), HALTED),
      there: admitted("dev/vmi-ovf", "dev/vmi-j"),
    },
    {
      says: "that of the old object counts",
      metadata: HALTED,
      spec: on(cd(1, "vmi-j")),
      facts: { ...PRIVILEGED, ...from(on(cd(1, "vmi-i"))) },
      there: denied(`spec.hardware.cdrom[0].image: ${WHEN_ON}`),
    },
  ]),
  ...of(`${VALIDATOR} validateUpdatesWhenPoweredOn`, [
    {
      says: "a running machine keeps its guestID",
      spec: { ...on(cd(1, "vmi-i")), guestID: "otherGuest" },
      facts: from(on(cd(1, "vmi-i"))),
      there: denied(`spec.guestID: ${WHEN_ON}`),
      here: differs.left(README.nothingChanged),
    },
  ]),
  ...of(`${VALIDATOR} validateBootOrder`, [
    {
      says: "the boot order names a CD-ROM only where there is one",
      spec: { ...STORED, bootOptions: { bootOrder: [{ type: "CDRom" }] } },
      facts: from(STORED),
      there: denied("spec.bootOptions.bootOrder[0]: Invalid value: ...: no CD-ROM device(s) defined for this VM"),
      here: differs.left(README.beyondImages),
      isBeyondOracle: true,
    },
  ]),
];

/** upstream.md, section c: firmware, and what other webhooks ask of images. */
const OTHER_VALIDATION: readonly Row[] = [
  ...of(BOOT_OPTIONS, [
    {
      says: "secure boot goes with firmware efi",
      spec: { imageName: "ubuntu", bootOptions: { ...ENABLED, firmware: "efi" } },
      there: admitted("dev/vmi-ovf"),
    },
    {
      says: "whatever the image's is",
      spec: { imageName: "legacy", bootOptions: { ...ENABLED, firmware: "efi" } },
      there: admitted("dev/vmi-bios"),
    },
    {
      says: "not with bios",
      spec: { imageName: "ubuntu", bootOptions: { ...ENABLED, firmware: "bios" } },
      there: SECURE_BOOT,
    },
    {
      says: "of a machine without an image, too",
      spec: { bootOptions: { ...ENABLED, firmware: "bios" } },
      facts: PRIVILEGED,
      there: SECURE_BOOT,
    },
    {
      says: "not with an unset one, even if the image's is efi",
      spec: { imageName: "ubuntu", bootOptions: ENABLED },
      there: SECURE_BOOT,
      here: differs.left(README.secureBoot),
    },
    {
      says: "or unknown",
      spec: { imageName: "unknown", bootOptions: ENABLED },
      there: SECURE_BOOT,
      here: differs.left(README.secureBoot),
    },
    { says: "or bios", spec: { imageName: "legacy", bootOptions: ENABLED }, there: SECURE_BOOT },
    {
      says: "on an update that changes no reference, too",
      spec: { ...STORED, bootOptions: { ...ENABLED, firmware: "bios" } },
      facts: from(STORED),
      there: SECURE_BOOT,
      here: differs.left(README.nothingChanged),
    },
  ]),
  ...of(SHARED_DISKS, [
    {
      says: "an image that its content library does not know (feature VMSharedDisks)",
      spec: { image: OVF },
      there: denied("spec.image: Invalid value: ...: failed to get VM Image config spec: empty image provider item id"),
      here: differs.left(README.notFilled),
      isBeyondOracle: true,
    },
  ]),
  ...of(QUOTA, [
    {
      says: "the quota webhook knows no such image",
      spec: { image: ref("vmi-gone") },
      there: denied("404"),
      isBeyondOracle: true,
    },
    {
      says: "and no such kind",
      spec: { image: ref("vmi-ovf", "Image") },
      there: denied("unsupported image kind Image"),
      isBeyondOracle: true,
    },
    {
      says: "and wants disks of an image that is not ready",
      spec: { image: ref("vmi-n") },
      there: denied('no disks found in image "vmi-n" status.disks'),
      here: differs.warned(README.notFilled),
      isBeyondOracle: true,
    },
    {
      says: "but not of an ISO",
      spec: { image: ref("vmi-i"), ...withCdroms(cd(1, "vmi-i")) },
      there: admitted(),
      isBeyondOracle: true,
    },
  ]),
  ...of(REPLICA_SET, [
    {
      says: "a template's image is not looked at",
      spec: { template: { spec: { imageName: "windows" } } },
      facts: { kind: "VirtualMachineReplicaSet" },
      there: admitted(),
      here: differs.refused(README.replicaSet),
      isBeyondOracle: true,
    },
    {
      says: "nor its absence",
      spec: { template: { spec: {} } },
      facts: { ...PRIVILEGED, kind: "VirtualMachineReplicaSet" },
      there: admitted(),
      here: differs.refused(README.replicaSet),
      isBeyondOracle: true,
    },
    {
      says: "a template whose image is there is fine",
      spec: { template: { spec: { imageName: "ubuntu" } } },
      facts: { kind: "VirtualMachineReplicaSet", version: "v1alpha4" },
      there: admitted(),
      isBeyondOracle: true,
    },
  ]),
];

/** upstream.md, section d, as far as it is about names. */
const PUBLISH_REQUESTS: readonly Row[] = [
  { says: "any item name will do", item: "golden", there: admitted() },
  {
    says: "one that looks like a VMI ID",
    item: "vmi-golden",
    there: admitted(),
    here: differs.warned(README.publishName),
  },
  {
    says: "one that an image of any library has already",
    item: "ubuntu",
    there: admitted(),
    here: differs.warned(README.publishName),
  },
  {
    says: "one that a cluster image has already",
    item: "rocky",
    there: admitted(),
    here: differs.warned(README.publishName),
  },
  {
    says: "none: the controller makes it of the source's name",
    item: undefined,
    there: admitted(),
    here: differs.warned(README.publishName),
  },
].map(({ item, ...row }) => ({
  ...row,
  source: PUBLISH,
  spec: { source: { name: "web" }, target: { item: { name: item } } },
  facts: { kind: "VirtualMachinePublishRequest" },
  isBeyondOracle: true,
}));

/** The display names are `metadata.name`, `-` and each machine's name. */
const GROUP_PUBLISH_REQUESTS: readonly Row[] = [
  { says: "any name of the request will do", name: "golden", machines: ["web"], there: admitted() },
  {
    says: "one that makes a display name in use",
    name: "web",
    machines: ["image"],
    there: admitted(),
    here: differs.warned(README.publishName),
  },
  { says: "no machines: all of the group are filled in", name: "web", machines: undefined, there: admitted() },
].map(({ name, machines, ...row }) => ({
  ...row,
  source: GROUP_PUBLISH,
  metadata: { name },
  spec: { source: "web", virtualMachines: machines },
  facts: { kind: "VirtualMachineGroupPublishRequest" },
  isBeyondOracle: true,
}));

const PUBLISH_UPDATE: Row = {
  says: "the target is immutable",
  source: PUBLISH,
  spec: { target: { item: { name: "ubuntu" } } },
  facts: { ...from({ target: { item: { name: "golden" } } }), kind: "VirtualMachinePublishRequest" },
  there: denied("spec.target: Invalid value: ...: field is immutable"),
  here: differs.left(README.publishUpdate),
  isBeyondOracle: true,
};

/** Section c, but for images, and the names in section d. */
export const OTHER_VALIDATION_ROWS: readonly Row[] = [
  ...CDROM_VALIDATION,
  ...OTHER_VALIDATION,
  ...PUBLISH_REQUESTS,
  ...GROUP_PUBLISH_REQUESTS,
  PUBLISH_UPDATE,
];
