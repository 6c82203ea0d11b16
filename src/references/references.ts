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
  /** Members from the object's root; `EACH` for the entries of a list. */
  readonly path: readonly string[];
  /** `name`: a string, a VMI ID or display name. `object`: an object {kind, name}. */
  readonly form: "name" | "object";
  readonly role: "boot" | "cdrom";
}

const VIRTUAL_MACHINE = { group: VM_OPERATOR_GROUP, kind: "VirtualMachine", resource: "virtualmachines" } as const;

/**
 * THE table of places that name an image (design section 4; vm-operator config/crd/bases). Reading, mutation,
 * validation and the webhook configurations follow it: a new place is a new row.
 */
export const REFERENCES: readonly ReferenceRow[] = [
  { ...VIRTUAL_MACHINE, versions: VERSIONS, path: ["spec", "imageName"], form: "name", role: "boot" },
  {
    ...VIRTUAL_MACHINE,
    versions: ["v1alpha6", "v1alpha5", "v1alpha4", "v1alpha3"],
    path: ["spec", "image"],
    form: "object",
    role: "boot",
  },
  {
    ...VIRTUAL_MACHINE,
    versions: ["v1alpha4", "v1alpha3"],
    path: ["spec", "cdrom", EACH, "image"],
    form: "object",
    role: "cdrom",
  },
  {
    ...VIRTUAL_MACHINE,
    versions: ["v1alpha6", "v1alpha5"],
    path: ["spec", "hardware", "cdrom", EACH, "image"],
    form: "object",
    role: "cdrom",
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
