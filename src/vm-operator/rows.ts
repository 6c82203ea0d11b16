import { VM_IMAGE_KINDS, VM_OPERATOR_GROUP } from "../images/image.ts";
import { type CompiledRow, compileRow, EACH, type ReferenceRow } from "../references/row.ts";

/** API versions of group vmoperator.vmware.com that carry references, newest first: the order of webhook rules. */
export const VERSIONS = ["v1alpha6", "v1alpha5", "v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"] as const;

/** Shared by all rows. */
const COMMON_COLUMNS = { group: VM_OPERATOR_GROUP, scope: "Namespaced", images: VM_IMAGE_KINDS } as const;

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

/** The places of vm-operator's objects that name images (vm-operator config/crd/bases). */
const REFERENCES: readonly ReferenceRow[] = [
  ...MACHINES.flatMap((machine) =>
    MACHINE_FIELDS.map((field) => ({
      ...COMMON_COLUMNS,
      ...machine,
      ...field,
      versions: machine.versions.filter((version) => field.versions.includes(version)),
      path: [...machine.root, ...field.path],
    })),
  ),
  {
    ...COMMON_COLUMNS,
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
    ...COMMON_COLUMNS,
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

export const VM_ROWS: readonly CompiledRow[] = REFERENCES.map(compileRow);
