import type { Mistake } from "./mistake.ts";

const kind = "VirtualMachinePublishRequest";
const location = { name: "cl-team" };

/** The display names that publish requests create. */
export const PUBLISH_MISTAKES: readonly Mistake[] = [
  {
    title: "a display name that an image of the namespace has",
    applied: { kind, spec: { target: { item: { name: "ubuntu-24.04" }, location } } },
    outcome: "warned",
    messages: [
      'spec.target.item.name: "ubuntu-24.04": image vmi-0a0044d7c690bcbea (cl-linux) in namespace "dev" has this display name, so that it would be ambiguous; choose another item name',
    ],
    remedied: [{ typed: "ubuntu-24.04-web" }],
  },
  {
    title: "a display name that an image of the cluster has",
    applied: { kind, spec: { target: { item: { name: "rocky-9.5" }, location } } },
    outcome: "warned",
    messages: [
      'spec.target.item.name: "rocky-9.5": image vmi-5cb0d0fbeb78ad7a5 (cl-shared) in the cluster has this display name; in namespace "dev" it would mean the new image instead; choose another item name',
    ],
    remedied: [{ typed: "rocky-9.5-web" }],
  },
  {
    title: "a display name that begins as a VMI ID",
    applied: { kind, spec: { target: { item: { name: "vmi-web" }, location } } },
    outcome: "warned",
    messages: [
      'spec.target.item.name: "vmi-web": vm-operator reads a name that begins with vmi- as a VMI ID, and never as a display name; choose another item name',
    ],
    remedied: [{ typed: "web-image-2" }],
  },
  {
    title: "no item name, so that the machine's name decides",
    applied: { kind, spec: { source: { name: "vmi-web" }, target: { location } } },
    outcome: "warned",
    messages: [
      'spec.target.item.name: "vmi-web-image": vm-operator reads a name that begins with vmi- as a VMI ID, and never as a display name; choose another item name',
    ],
    remedied: [{ typed: "web-image-3" }],
  },
  {
    title: "a group whose display name is in use",
    applied: {
      kind: "VirtualMachineGroupPublishRequest",
      metadata: { name: "ubuntu" },
      spec: { virtualMachines: ["new", "24.04"] },
    },
    outcome: "warned",
    messages: [
      'spec.virtualMachines[1]: "ubuntu-24.04": image vmi-0a0044d7c690bcbea (cl-linux) in namespace "dev" has this display name, so that it would be ambiguous; choose another name for the request',
    ],
    remedied: [{ typed: "ubuntu-of-the-group" }],
  },
];
