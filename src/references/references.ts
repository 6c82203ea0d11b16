import { VM_OPERATOR_GROUP } from "../images/image.ts";

/** API versions of group vmoperator.vmware.com that carry references, newest first: the order of webhook rules. */
export const VERSIONS = ["v1alpha6", "v1alpha5", "v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"] as const;
export type Version = (typeof VERSIONS)[number];

/** Stands in a path for each entry of a list. */
export const EACH = "[]";

export interface ReferenceRow {
  readonly group: string;
  readonly kind: string;
  /** The plural in URLs and RBAC. */
  readonly resource: string;
  readonly versions: readonly Version[];
  /** Where the machine stands that the reference is of: the object itself, or a template in it. */
  readonly root: readonly string[];
  /** Members from the object's root; `EACH` for the entries of a list. */
  readonly path: readonly string[];
  /** `name`: a string, a VMI ID or display name. `object`: an object {kind, name}. */
  readonly form: "name" | "object";
  /** `creates`: no reference, but a display name that an image will have. */
  readonly role: "boot" | "cdrom" | "creates";
}

type Machine = Pick<ReferenceRow, "group" | "kind" | "resource" | "versions" | "root">;

/** Kinds that hold a machine. */
const MACHINES: readonly Machine[] = [
  { group: VM_OPERATOR_GROUP, kind: "VirtualMachine", resource: "virtualmachines", versions: VERSIONS, root: [] },
  {
    group: VM_OPERATOR_GROUP,
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

/**
 * THE table of places that name an image (design section 4; vm-operator config/crd/bases). Reading, mutation,
 * validation, the webhook configurations and docs/references.md follow it: a new place is a new row.
 */
export const REFERENCES: readonly ReferenceRow[] = [
  ...MACHINES.flatMap((machine) =>
    MACHINE_FIELDS.map((field) => ({
      ...machine,
      ...field,
      versions: machine.versions.filter((version) => field.versions.includes(version)),
      path: [...machine.root, ...field.path],
    })),
  ),
  {
    group: VM_OPERATOR_GROUP,
    kind: "VirtualMachinePublishRequest",
    resource: "virtualmachinepublishrequests",
    versions: VERSIONS,
    root: [],
    path: ["spec", "target", "item", "name"],
    form: "name",
    role: "creates",
  },
];

/** The rows of one kind in one version; empty for a kind that names no image. */
export function referenceRows(group: string, version: string, kind: string): readonly ReferenceRow[] {
  return ROWS.get(rowKey(group, version, kind)) ?? [];
}

const ROWS = new Map<string, ReferenceRow[]>();
for (const row of REFERENCES) {
  for (const version of row.versions) {
    const key = rowKey(row.group, version, row.kind);
    ROWS.set(key, [...(ROWS.get(key) ?? []), row]);
  }
}

function rowKey(group: string, version: string, kind: string): string {
  return `${group}/${version}/${kind}`;
}
