import { randomBytes } from "node:crypto";
import { NAMESPACE } from "./control-plane.ts";

export const GROUP_VERSION = "vmoperator.vmware.com/v1alpha6";

export interface ImageManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec: object;
  readonly status: object;
}

/** An object name in the form that vm-operator uses. */
export function newId(): string {
  return `vmi-${randomBytes(9).toString("hex").slice(0, 17)}`;
}

export function namespaceImage(displayName: string, name = newId(), namespace = NAMESPACE): ImageManifest {
  return imageOf("VirtualMachineImage", { name, namespace }, displayName);
}

export function clusterImage(displayName: string, name = newId()): ImageManifest {
  return imageOf("ClusterVirtualMachineImage", { name }, displayName);
}

export function collectionOf({ kind, metadata: { namespace } }: ImageManifest): string {
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `/apis/${GROUP_VERSION}${scope}/${kind.toLowerCase()}s`;
}

/** The key of the image in etcd. */
export function etcdKeyOf({ kind, metadata: { namespace, name } }: ImageManifest): string {
  const scope = namespace === undefined ? "" : `${namespace}/`;
  return `/registry/vmoperator.vmware.com/${kind.toLowerCase()}s/${scope}${name}`;
}

function imageOf(kind: string, metadata: ImageManifest["metadata"], displayName: string): ImageManifest {
  return { apiVersion: GROUP_VERSION, kind, metadata, spec: {}, status: statusOf(displayName) };
}

export function statusOf(displayName: string): object {
  const condition = { type: "Ready", status: "True", reason: "True", message: "" };
  return {
    name: displayName,
    type: "OVF",
    firmware: "efi",
    conditions: [{ ...condition, lastTransitionTime: "2026-01-15T10:00:00Z" }],
  };
}
