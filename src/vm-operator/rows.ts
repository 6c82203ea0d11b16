import { type ImageKind, VM_IMAGE_KINDS, VM_OPERATOR_GROUP } from "../images/image.ts";
import { OS_IMAGE_REFERENCES } from "../osimage/rows.ts";
import { EACH, type ReferenceRow } from "../references/row.ts";

/** API versions of group vmoperator.vmware.com that carry references, newest first: the order of webhook rules. */
export const VERSIONS = ["v1alpha6", "v1alpha5", "v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"] as const;

/** What all rows of vm-operator's kinds share. */
const OF_VM_OPERATOR = { group: VM_OPERATOR_GROUP, scope: "Namespaced", images: VM_IMAGE_KINDS } as const;

type Machine = Pick<ReferenceRow, "kind" | "resource" | "versions" | "root">;

/** Kinds that hold a machine. */
const MACHINES: readonly Machine[] = [
  { kind: "VirtualMachine", resource: "virtualmachines", versions: VERSIONS, root: [] },
  {
    kind: "VirtualMachineReplicaSet",
    resource: "virtualmachinereplicasets",
    versions: ["v1alpha6", "v1alpha5", "v1alpha4", "v1alpha3"],
    root: ["spec", "template"],
  },
];

/** Where a machine names images, from its root. */
const MACHINE_FIELDS: readonly Pick<ReferenceRow, "versions" | "path" | "form" | "role">[] = [
  { versions: VERSIONS, path: ["spec", "imageName"], form: "name", role: "boot" },
  {
    versions: ["v1alpha6", "v1alpha5", "v1alpha4", "v1alpha3"],
    path: ["spec", "image"],
    form: "object",
    role: "boot",
  },
  { versions: ["v1alpha4", "v1alpha3"], path: ["spec", "cdrom", EACH, "image"], form: "object", role: "cdrom" },
  {
    versions: ["v1alpha6", "v1alpha5"],
    path: ["spec", "hardware", "cdrom", EACH, "image"],
    form: "object",
    role: "cdrom",
  },
];

/** The places in objects of vm-operator (vm-operator config/crd/bases). */
export const VM_REFERENCES: readonly ReferenceRow[] = [
  ...MACHINES.flatMap((machine) =>
    MACHINE_FIELDS.map((field) => ({
      ...OF_VM_OPERATOR,
      ...machine,
      ...field,
      versions: machine.versions.filter((version) => field.versions.includes(version)),
      path: [...machine.root, ...field.path],
    })),
  ),
  {
    ...OF_VM_OPERATOR,
    kind: "VirtualMachinePublishRequest",
    resource: "virtualmachinepublishrequests",
    versions: VERSIONS,
    root: [],
    path: ["spec", "target", "item", "name"],
    form: "name",
    role: "creates",
    createdName: {
      is: "fieldOrDefault",
      defaults: [
        ["spec", "source", "name"],
        ["metadata", "name"],
      ],
      suffix: "-image",
    },
  },
  {
    ...OF_VM_OPERATOR,
    kind: "VirtualMachineGroupPublishRequest",
    resource: "virtualmachinegrouppublishrequests",
    versions: ["v1alpha6", "v1alpha5"],
    root: [],
    path: ["spec", "virtualMachines", EACH],
    form: "name",
    role: "creates",
    createdName: { is: "prefixed", prefix: ["metadata", "name"], separator: "-" },
  },
];

/**
 * The table of places that name an image. Reading, mutation, validation, the webhook configurations and
 * docs/references.md follow it: a new place is a new row.
 */
export const REFERENCES: readonly ReferenceRow[] = [...VM_REFERENCES, ...OS_IMAGE_REFERENCES];

/** The rows of one kind in one version; empty for a kind that names no image. */
export function referenceRows(group: string, version: string, kind: string): readonly ReferenceRow[] {
  return REFERENCES.filter((row) => row.kind === kind && row.group === group && row.versions.includes(version));
}

/** The kinds of image that objects of one kind can name. */
export function imagesNamedBy(group: string, version: string, kind: string): readonly ImageKind[] {
  return [...new Set(referenceRows(group, version, kind).flatMap(({ images }) => images))];
}
