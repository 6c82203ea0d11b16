import { CENTOS_7_9, LIVE_ISO, ROCKY, UBUNTU } from "./images.ts";
import type { Mistake } from "./mistake.ts";

const CLUSTER = "ClusterVirtualMachineImage";
const NAMESPACED = "VirtualMachineImage";

/** A wrong scope or kind, fields that disagree, and values of a wrong type. */
export const REFERENCE_MISTAKES: readonly Mistake[] = [
  {
    title: "the cluster's kind for an image of the namespace",
    applied: { spec: { image: { kind: CLUSTER, name: "ubuntu-24.04" } } },
    outcome: "refused",
    messages: [
      'spec.image.name: Not found: "ubuntu-24.04": no ClusterVirtualMachineImage has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) of kind VirtualMachineImage?',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "the namespace's kind for an image of the cluster",
    applied: { spec: { image: { kind: NAMESPACED, name: "rocky-9.5" } } },
    outcome: "refused",
    messages: [
      'spec.image.name: Not found: "rocky-9.5": no VirtualMachineImage in namespace "dev" has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5) of kind ClusterVirtualMachineImage?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a typo beside a kind",
    applied: { spec: { image: { kind: CLUSTER, name: "rocky-95" } } },
    outcome: "refused",
    messages: [
      'spec.image.name: Not found: "rocky-95": no ClusterVirtualMachineImage has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a short name as the kind",
    applied: { spec: { image: { kind: "vmi", name: "ubuntu-24.04" } } },
    outcome: "refused",
    messages: [
      'spec.image.kind: Unsupported value: "vmi": write "VirtualMachineImage"; supported values: "VirtualMachineImage", "ClusterVirtualMachineImage"',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "a kind in another letter case",
    applied: { spec: { image: { kind: "virtualMachineImage", name: "ubuntu-24.04" } } },
    outcome: "refused",
    messages: [
      'spec.image.kind: Unsupported value: "virtualMachineImage": write "VirtualMachineImage"; supported values: "VirtualMachineImage", "ClusterVirtualMachineImage"',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "the kind of a library item",
    applied: { spec: { image: { kind: "ClusterContentLibraryItem", name: "rocky-9.5" } } },
    outcome: "refused",
    messages: [
      'spec.image.kind: Unsupported value: "ClusterContentLibraryItem": write "ClusterVirtualMachineImage"; supported values: "VirtualMachineImage", "ClusterVirtualMachineImage"',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "imageName and image of different images",
    applied: { spec: { imageName: "ubuntu-24.04", image: { kind: CLUSTER, name: "rocky-9.5" } } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "ubuntu-24.04": spec.image names another image, "vmi-5cb0d0fbeb78ad7a5" (rocky-9.5); write that here or leave one of the two out',
    ],
    remedied: [{ boots: ROCKY }, { boots: ROCKY }, { boots: ROCKY }, { boots: UBUNTU }],
  },
  {
    title: "a typo in imageName beside a right image",
    applied: { spec: { imageName: "rocky-9.6", image: { kind: CLUSTER, name: "rocky-9.5" } } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "rocky-9.6": spec.image names another image, "vmi-5cb0d0fbeb78ad7a5" (rocky-9.5); write that here or leave this field out',
    ],
    remedied: [{ boots: ROCKY }, { boots: ROCKY }, { boots: ROCKY }],
  },
  {
    title: "a typo in image beside a right imageName",
    applied: { spec: { imageName: "rocky-9.5", image: { kind: CLUSTER, name: "rocky-95" } } },
    outcome: "refused",
    messages: [
      'spec.image.name: Not found: "rocky-95": no ClusterVirtualMachineImage has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a name without quotes that YAML reads as a number",
    applied: { spec: { imageName: 7.9 } },
    outcome: "refused",
    messages: ["spec.imageName: Invalid value: 7.9: must be a string; put what you wrote in quotes"],
    remedied: [{ boots: CENTOS_7_9 }],
  },
  {
    title: "a list of names",
    applied: { spec: { imageName: ["ubuntu-24.04"] } },
    outcome: "refused",
    messages: ['spec.imageName: Invalid value: [...]: must be a string; write "ubuntu-24.04"'],
    remedied: [{ typed: "ubuntu-24.04", boots: UBUNTU }],
  },
  {
    title: "a name in image",
    applied: { spec: { image: "ubuntu-24.04" } },
    outcome: "refused",
    messages: ['spec.image: Invalid value: "ubuntu-24.04": must be an object; write it as spec.image.name'],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "a name in the image of a CD-ROM",
    applied: {
      spec: {
        imageName: "ubuntu-24.04",
        guestID: "ubuntu64Guest",
        hardware: { cdrom: [{ name: "cdrom1", image: "ubuntu-24.04-live" }] },
      },
    },
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom[0].image: Invalid value: "ubuntu-24.04-live": must be an object; write it as spec.hardware.cdrom[0].image.name',
    ],
    remedied: [{ boots: UBUNTU, cdroms: [LIVE_ISO] }],
  },
  {
    title: "one CD-ROM in place of a list",
    isUnvalidated: true,
    applied: {
      spec: {
        imageName: "ubuntu-24.04",
        guestID: "ubuntu64Guest",
        hardware: { cdrom: { name: "cdrom1", image: { name: "ubuntu-24.04-live" } } },
      },
    },
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom: Invalid value: {...}: must be a list; make it a list: put "- " in front of its first line',
    ],
    remedied: [{ boots: UBUNTU, cdroms: [LIVE_ISO] }],
  },
];
