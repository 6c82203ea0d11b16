import { ALMA, LIVE_ISO, RESCUE_ISO, ROCKY, UBUNTU } from "./images.ts";
import type { Mistake, Written } from "./mistake.ts";

const UBUNTU_BY_NAME: Written = { spec: { imageName: "ubuntu-24.04" } };
const POWERED_ON_WITH_CDROM = poweredOn([{ name: "cdrom1", image: LIVE_ISO }]);

function poweredOn(cdrom: readonly object[]): Written {
  return {
    spec: { imageName: "ubuntu-24.04", guestID: "ubuntu64Guest", powerState: "PoweredOn", hardware: { cdrom } },
  };
}

const CONVERSION = "vmoperator.vmware.com/conversion";

/** A machine that is there already. */
export const UPDATE_MISTAKES: readonly Mistake[] = [
  {
    title: "another image for a machine that is there",
    before: UBUNTU_BY_NAME,
    applied: { spec: { imageName: "rocky-9.5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "rocky-9.5": a VM keeps the image that it was created with; put back "ubuntu-24.04" ("vmi-0a0044d7c690bcbea") or leave this field out, or create another VM',
    ],
    remedied: [{ boots: UBUNTU }, { boots: UBUNTU }, { boots: UBUNTU }, { boots: ROCKY }],
  },
  {
    title: "another image in a copy of what kubectl shows of a v1alpha1 machine",
    applied: {
      version: "v1alpha1",
      metadata: { annotations: { [CONVERSION]: JSON.stringify({ spec: { imageName: UBUNTU.name, image: UBUNTU } }) } },
      spec: { imageName: "rocky-9.5" },
    },
    outcome: "refused",
    messages: [
      `spec.imageName: Invalid value: "rocky-9.5": vm-operator takes "${UBUNTU.name}" from its annotation instead (of an ordinary caller vm-operator refuses that annotation in any case: it restores spec.instanceUUID); remove annotation ${CONVERSION} and metadata.generation from the manifest`,
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a typo in the name of a machine's image",
    before: UBUNTU_BY_NAME,
    applied: { spec: { imageName: "ubuntu-2404" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "ubuntu-2404": a VM keeps the image that it was created with; put back "ubuntu-24.04" ("vmi-0a0044d7c690bcbea") or leave this field out',
    ],
    remedied: [{ boots: UBUNTU }, { boots: UBUNTU }, { boots: UBUNTU }],
  },
  {
    title: "a machine's image by another VMI ID",
    before: { spec: { imageName: UBUNTU.name } },
    applied: { spec: { imageName: ALMA.name } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "vmi-1c7be0f3a5d942e60": a VM keeps the image that it was created with; put back "vmi-0a0044d7c690bcbea" or leave this field out, or create another VM',
    ],
    remedied: [{ boots: UBUNTU }, { boots: UBUNTU }, { boots: ALMA }],
  },
  {
    title: "another image in spec.image",
    before: { spec: { image: { kind: UBUNTU.kind, name: "ubuntu-24.04" } } },
    applied: { spec: { image: { kind: ALMA.kind, name: "Alma Linux 9" } } },
    outcome: "refused",
    messages: [
      'spec.image.name: Invalid value: "Alma Linux 9": a VM keeps the image that it was created with; put back "ubuntu-24.04" ("vmi-0a0044d7c690bcbea") or leave this field out, or create another VM',
    ],
    remedied: [{ boots: UBUNTU }, { boots: UBUNTU }, { boots: UBUNTU }, { boots: ALMA }],
  },
  {
    title: "another kind of a machine's image",
    before: { spec: { image: { kind: ROCKY.kind, name: "rocky-9.5" } } },
    applied: { spec: { image: { kind: UBUNTU.kind, name: "rocky-9.5" } } },
    outcome: "refused",
    messages: [
      'spec.image.kind: Invalid value: "VirtualMachineImage": a VM keeps the image that it was created with; put back "ClusterVirtualMachineImage" or leave this field out',
    ],
    remedied: [{ boots: ROCKY }, { boots: ROCKY }],
  },
  {
    title: "another image in imageName and image",
    before: { spec: { imageName: "ubuntu-24.04", image: { kind: UBUNTU.kind, name: "ubuntu-24.04" } } },
    applied: { spec: { imageName: "Alma Linux 9", image: { kind: ALMA.kind, name: "Alma Linux 9" } } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "Alma Linux 9": a VM keeps the image that it was created with; put back "ubuntu-24.04" ("vmi-0a0044d7c690bcbea") or leave this field out, or create another VM',
      'spec.image.name: Invalid value: "Alma Linux 9": a VM keeps the image that it was created with; the same remedy as for spec.imageName',
    ],
    remedied: [{ boots: UBUNTU }, { boots: UBUNTU }, { boots: UBUNTU }, { boots: ALMA }],
  },
  {
    title: "another image in a CD-ROM of a machine that is powered on",
    before: POWERED_ON_WITH_CDROM,
    applied: poweredOn([{ name: "cdrom1", image: RESCUE_ISO }]),
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom[0].image: Forbidden: "vmi-7a94e05c2d1f6b380": a CD-ROM cannot get another image while the VM is powered on; power it off first (spec.powerState: PoweredOff)',
    ],
    remedied: [{ boots: UBUNTU, cdroms: [RESCUE_ISO] }],
  },
  {
    title: "one more CD-ROM for a machine that is powered on",
    before: POWERED_ON_WITH_CDROM,
    applied: poweredOn([
      { name: "cdrom1", image: LIVE_ISO },
      { name: "cdrom2", image: RESCUE_ISO },
    ]),
    outcome: "refused",
    messages: [
      "spec.hardware.cdrom[1].image: Forbidden: a CD-ROM cannot be added while the VM is powered on; power it off first (spec.powerState: PoweredOff)",
    ],
    remedied: [{ boots: UBUNTU, cdroms: [LIVE_ISO, RESCUE_ISO] }],
  },
  {
    title: "a CD-ROM less for a machine that is powered on",
    before: POWERED_ON_WITH_CDROM,
    applied: poweredOn([]),
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom: Forbidden: "cdrom1": a CD-ROM cannot be removed while the VM is powered on; power it off first (spec.powerState: PoweredOff)',
    ],
    remedied: [{ boots: UBUNTU, cdroms: [] }],
  },
];
