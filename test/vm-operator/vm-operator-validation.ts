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

/** Validation of CD-ROMs. */
const CDROM_VALIDATION: readonly Row[] = [
  ...of(CDROM, [
    {
      title: "CD-ROMs without a guestID are denied",
      spec: { ...withCdroms(cd(1, "vmi-i")), guestID: "" },
      upstream: denied("spec.guestID: Required value: when deploying a VM with CD-ROMs"),
    },
    {
      title: "CD-ROMs without a guestID are denied beside an OVF image, too",
      spec: { ...withCdroms(cd(1, "vmi-i")), guestID: undefined, imageName: "ubuntu" },
      upstream: denied("spec.guestID: Required value: when deploying a VM with CD-ROMs"),
    },
    {
      title: "CD-ROMs without a guestID are denied on an update that changes no CD-ROM, too",
      spec: { ...stored(cd(1, "vmi-i")), guestID: "" },
      facts: from(stored(cd(1, "vmi-i"))),
      upstream: denied("spec.guestID: Required value: when deploying a VM with CD-ROMs"),
      difference: differs.left(README.nothingChanged),
    },
    {
      title: "a CD-ROM of an unsupported kind is denied",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-i", "Secret")) },
      upstream: denied(`spec.hardware.cdrom[0].image.kind: Unsupported value: "Secret": ${SUPPORTED_KINDS}`),
    },
    {
      title: "an object name in two CD-ROMs is denied",
      spec: withCdroms(cd(1, "vmi-i"), cd(2, "vmi-i")),
      upstream: denied('spec.hardware.cdrom[1].image.name: Duplicate value: "vmi-i"'),
    },
    {
      title: "an object name in two CD-ROMs of different kinds is denied",
      spec: withCdroms(cd(1, "vmi-s"), cd(2, "vmi-s", CVMI)),
      upstream: denied('spec.hardware.cdrom[1].image.name: Duplicate value: "vmi-s"'),
    },
    {
      title: "two names of one image in two CD-ROMs are admitted",
      spec: withCdroms(cd(1, "vmi-i"), cd(2, "installer", "")),
      upstream: admitted("dev/vmi-i", "dev/vmi-i", "dev/installer"),
      difference: differs.refused(README.cdromTwice),
    },
    {
      title: "a CD-ROM with a missing image is admitted",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-gone")) },
      upstream: admitted("dev/vmi-ovf", "dev/vmi-gone"),
      difference: differs.refused(README.cdromMissing),
    },
    {
      title: "a CD-ROM with an OVF image is admitted",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-bios")) },
      upstream: admitted("dev/vmi-ovf", "dev/vmi-bios"),
      difference: differs.refused(README.cdromMissing),
    },
    {
      title: "a CD-ROM with an image that is not ready is admitted",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-m")) },
      upstream: admitted("dev/vmi-ovf", "dev/vmi-m"),
    },
  ]),
  ...of(`${VALIDATOR} validateCdromControllerSpecsOnCreate`, [
    {
      title: "a CD-ROM controller type without a bus number is denied (feature VMSharedDisks)",
      spec: withCdroms({ ...cd(1, "vmi-i"), controllerType: "IDE" }),
      upstream: denied(
        "spec.hardware.cdrom[0].controllerBusNumber: Required value: must be set when controllerType is specified",
      ),
      difference: differs.left(README.beyondImages),
      isBeyondOracle: true,
    },
  ]),
  ...of(CDROM_WHEN_ON, [
    {
      title: "adding a CD-ROM to a running machine is denied",
      spec: on(cd(1, "vmi-i"), cd(2, "vmi-j")),
      facts: from(on(cd(1, "vmi-i"))),
      upstream: denied(`spec.hardware.cdrom: ${WHEN_ON}`),
    },
    {
      title: "removing a CD-ROM from a running machine is denied",
      spec: on(),
      facts: from(on(cd(1, "vmi-i"))),
      upstream: denied(`spec.hardware.cdrom: ${WHEN_ON}`),
    },
    {
      title: "renaming a CD-ROM of a running machine is denied",
      spec: on(cd(2, "vmi-i")),
      facts: from(on(cd(1, "vmi-i"))),
      upstream: denied(
        "spec.hardware.cdrom.name: Forbidden: removing CD-ROMs is not allowed when VM is powered on, spec.hardware.cdrom[0].name: Forbidden: adding new CD-ROMs is not allowed when VM is powered on",
      ),
    },
    {
      title: "another image in a CD-ROM of a running machine is denied",
      spec: on(cd(1, "vmi-j")),
      facts: from(on(cd(1, "vmi-i"))),
      upstream: denied(`spec.hardware.cdrom[0].image: ${WHEN_ON}`),
    },
    {
      title: "another spelling of the image in a CD-ROM of a running machine is denied",
      spec: on(cd(1, "installer")),
      facts: from(on(cd(1, "vmi-i"))),
      upstream: denied(`spec.hardware.cdrom[0].image: ${WHEN_ON}`),
      difference: differs.admitted(README.respelled, "dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      title: "connected, allowGuestControl and the order of CD-ROMs may change on a running machine",
      spec: on(cd(2, "vmi-j"), { ...cd(1, "vmi-i", VMI, false), allowGuestControl: false }),
      facts: from(on(cd(1, "vmi-i"), cd(2, "vmi-j"))),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-j", "dev/vmi-i"),
    },
    {
      title: "CD-ROMs of a suspended machine may change",
      spec: { ...stored(cd(1, "vmi-j"), cd(2, "vmi-k", CVMI)), powerState: "Suspended" },
      facts: from({ ...stored(cd(1, "vmi-i")), powerState: "Suspended" }),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-j", "cluster/vmi-k"),
    },
    {
      title: "CD-ROMs of a machine that the same update powers off may change",
      spec: { ...stored(cd(1, "vmi-j")), powerState: "PoweredOff" },
      facts: from(on(cd(1, "vmi-i"))),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-j"),
    },
    {
      title: "CD-ROMs of a machine that the same update powers on may change",
      spec: on(cd(1, "vmi-j")),
      facts: from({ ...stored(cd(1, "vmi-i")), powerState: "PoweredOff" }),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-j"),
    },
  ]),
  ...of(`${VALIDATOR} validatePowerStateOnUpdate`, [
    {
      title: "CD-ROMs of a machine with a stored power-on check annotation may change",
      metadata: HALTED,
      spec: on(cd(1, "vmi-j")),
      facts: from(on(cd(1, "vmi-i")), HALTED),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-j"),
    },
    {
      title: "a power-on check annotation that is only in the new object changes nothing",
      metadata: HALTED,
      spec: on(cd(1, "vmi-j")),
      facts: { ...PRIVILEGED, ...from(on(cd(1, "vmi-i"))) },
      upstream: denied(`spec.hardware.cdrom[0].image: ${WHEN_ON}`),
    },
  ]),
  ...of(`${VALIDATOR} validateUpdatesWhenPoweredOn`, [
    {
      title: "another guestID of a running machine is denied",
      spec: { ...on(cd(1, "vmi-i")), guestID: "otherGuest" },
      facts: from(on(cd(1, "vmi-i"))),
      upstream: denied(`spec.guestID: ${WHEN_ON}`),
      difference: differs.left(README.nothingChanged),
    },
  ]),
  ...of(`${VALIDATOR} validateBootOrder`, [
    {
      title: "a boot order with a CD-ROM is denied where the machine has none",
      spec: { ...STORED, bootOptions: { bootOrder: [{ type: "CDRom" }] } },
      facts: from(STORED),
      upstream: denied("spec.bootOptions.bootOrder[0]: Invalid value: ...: no CD-ROM device(s) defined for this VM"),
      difference: differs.left(README.beyondImages),
      isBeyondOracle: true,
    },
  ]),
];

/** Validation of firmware, and the other webhooks of vm-operator that check images. */
const OTHER_VALIDATION: readonly Row[] = [
  ...of(BOOT_OPTIONS, [
    {
      title: "secure boot with firmware efi is admitted",
      spec: { imageName: "ubuntu", bootOptions: { ...ENABLED, firmware: "efi" } },
      upstream: admitted("dev/vmi-ovf"),
    },
    {
      title: "secure boot with firmware efi is admitted with an image for bios",
      spec: { imageName: "legacy", bootOptions: { ...ENABLED, firmware: "efi" } },
      upstream: admitted("dev/vmi-bios"),
    },
    {
      title: "secure boot with firmware bios is denied",
      spec: { imageName: "ubuntu", bootOptions: { ...ENABLED, firmware: "bios" } },
      upstream: SECURE_BOOT,
    },
    {
      title: "secure boot with firmware bios is denied for a machine without an image",
      spec: { bootOptions: { ...ENABLED, firmware: "bios" } },
      facts: PRIVILEGED,
      upstream: SECURE_BOOT,
    },
    {
      title: "secure boot with unset firmware is denied, even if the image has efi",
      spec: { imageName: "ubuntu", bootOptions: ENABLED },
      upstream: SECURE_BOOT,
      difference: differs.left(README.secureBoot),
    },
    {
      title: "secure boot with unset firmware is denied where the firmware of the image is unknown",
      spec: { imageName: "unknown", bootOptions: ENABLED },
      upstream: SECURE_BOOT,
      difference: differs.left(README.secureBoot),
    },
    {
      title: "secure boot with unset firmware is denied with an image for bios",
      spec: { imageName: "legacy", bootOptions: ENABLED },
      upstream: SECURE_BOOT,
    },
    {
      title: "secure boot with firmware bios is denied on an update that changes no reference",
      spec: { ...STORED, bootOptions: { ...ENABLED, firmware: "bios" } },
      facts: from(STORED),
      upstream: SECURE_BOOT,
      difference: differs.left(README.nothingChanged),
    },
  ]),
  ...of(SHARED_DISKS, [
    {
      title: "an image without a content library item ID is denied (feature VMSharedDisks)",
      spec: { image: OVF },
      upstream: denied(
        "spec.image: Invalid value: ...: failed to get VM Image config spec: empty image provider item id",
      ),
      difference: differs.left(README.notFilled),
      isBeyondOracle: true,
    },
  ]),
  ...of(QUOTA, [
    {
      title: "the quota webhook denies an unknown image",
      spec: { image: ref("vmi-gone") },
      upstream: denied("404"),
      isBeyondOracle: true,
    },
    {
      title: "the quota webhook denies an unsupported kind",
      spec: { image: ref("vmi-ovf", "Image") },
      upstream: denied("unsupported image kind Image"),
      isBeyondOracle: true,
    },
    {
      title: "the quota webhook denies an OVF image without disks",
      spec: { image: ref("vmi-n") },
      upstream: denied('no disks found in image "vmi-n" status.disks'),
      difference: differs.warned(README.notFilled),
      isBeyondOracle: true,
    },
    {
      title: "the quota webhook admits an ISO image without disks",
      spec: { image: ref("vmi-i"), ...withCdroms(cd(1, "vmi-i")) },
      upstream: admitted(),
      isBeyondOracle: true,
    },
  ]),
  ...of(REPLICA_SET, [
    {
      title: "a template with an unknown imageName is admitted",
      spec: { template: { spec: { imageName: "windows" } } },
      facts: { kind: "VirtualMachineReplicaSet" },
      upstream: admitted(),
      difference: differs.refused(README.replicaSet),
      isBeyondOracle: true,
    },
    {
      title: "a template without an image is admitted",
      spec: { template: { spec: {} } },
      facts: { ...PRIVILEGED, kind: "VirtualMachineReplicaSet" },
      upstream: admitted(),
      difference: differs.refused(README.replicaSet),
      isBeyondOracle: true,
    },
    {
      title: "a template with an existing image is admitted",
      spec: { template: { spec: { imageName: "ubuntu" } } },
      facts: { kind: "VirtualMachineReplicaSet", version: "v1alpha4" },
      upstream: admitted(),
      isBeyondOracle: true,
    },
  ]),
];

/** Validation of the names in publish requests. */
const PUBLISH_REQUESTS: readonly Row[] = [
  { title: "a new item name is admitted", item: "golden", upstream: admitted() },
  {
    title: "an item name that begins with vmi- is admitted",
    item: "vmi-golden",
    upstream: admitted(),
    difference: differs.warned(README.publishName),
  },
  {
    title: "an item name that is a display name of the namespace is admitted",
    item: "ubuntu",
    upstream: admitted(),
    difference: differs.warned(README.publishName),
  },
  {
    title: "an item name that is a display name of the cluster is admitted",
    item: "rocky",
    upstream: admitted(),
    difference: differs.warned(README.publishName),
  },
  {
    title: "a missing item name is admitted: the controller derives it from the name of the source",
    item: undefined,
    upstream: admitted(),
    difference: differs.warned(README.publishName),
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
  { title: "a name that makes new display names is admitted", name: "golden", machines: ["web"], upstream: admitted() },
  {
    title: "a name that makes a display name in use is admitted",
    name: "web",
    machines: ["image"],
    upstream: admitted(),
    difference: differs.warned(README.publishName),
  },
  {
    title: "an absent list of machines is admitted: vm-operator fills in all of the group",
    name: "web",
    machines: undefined,
    upstream: admitted(),
  },
].map(({ name, machines, ...row }) => ({
  ...row,
  source: GROUP_PUBLISH,
  metadata: { name },
  spec: { source: "web", virtualMachines: machines },
  facts: { kind: "VirtualMachineGroupPublishRequest" },
  isBeyondOracle: true,
}));

const PUBLISH_UPDATE: Row = {
  title: "another target on UPDATE is denied",
  source: PUBLISH,
  spec: { target: { item: { name: "ubuntu" } } },
  facts: { ...from({ target: { item: { name: "golden" } } }), kind: "VirtualMachinePublishRequest" },
  upstream: denied("spec.target: Invalid value: ...: field is immutable"),
  difference: differs.left(README.publishUpdate),
  isBeyondOracle: true,
};

/** All validation except that of imageName and spec.image. */
export const OTHER_VALIDATION_ROWS: readonly Row[] = [
  ...CDROM_VALIDATION,
  ...OTHER_VALIDATION,
  ...PUBLISH_REQUESTS,
  ...GROUP_PUBLISH_REQUESTS,
  PUBLISH_UPDATE,
];
