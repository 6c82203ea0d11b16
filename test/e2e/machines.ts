import { randomBytes } from "node:crypto";
import { NAMESPACE } from "./control-plane.ts";
import type { Kubectl } from "./kubectl.ts";

const GROUP = "vmoperator.vmware.com";
/** A lookup by this resource name reads the version in which machines are stored. */
export const STORED = `virtualmachines.v1alpha6.${GROUP}`;
export const PINNED = "vm-image-webhook.dev/pinned";

export interface Machine {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly managedFields?: readonly ManagedFields[];
  };
  readonly spec?: MachineSpec;
}

export interface MachineSpec {
  readonly [field: string]: unknown;
  readonly imageName?: string;
  readonly image?: { readonly kind: string; readonly name: string };
}

export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly fieldsV1: unknown;
}

/** The fields of a stored machine that the webhook writes. */
export interface Boot {
  readonly imageName: string | undefined;
  readonly image: MachineSpec["image"] | undefined;
  readonly pinned: unknown;
}

/** A manifest as a user writes it; v1alpha1 requires `className`. */
export function machine(name: string, spec: MachineSpec, version = "v1alpha6"): Machine {
  return {
    apiVersion: `${GROUP}/${version}`,
    kind: "VirtualMachine",
    metadata: { name, namespace: NAMESPACE },
    spec: { className: "best-effort-small", storageClass: "standard", ...spec },
  };
}

/** Identifies this process among those that share a cluster. */
const OWNER = randomBytes(4).toString("hex");
let namesGiven = 0;

/** A name that no other test uses. It is counted, because random names collide among the thousands of a load. */
export function newName(about: string): string {
  return `${about}-${OWNER}-${namesGiven++}`;
}

export function stored(kubectl: Kubectl, name: string, resource = STORED): Promise<Machine> {
  return kubectl.json<Machine>(["get", resource, name, "-n", NAMESPACE]);
}

export function bootOf({ metadata, spec }: Machine): Boot {
  const pinned = metadata.annotations?.[PINNED];
  return {
    imageName: spec?.imageName,
    image: spec?.image,
    pinned: pinned === undefined ? undefined : (JSON.parse(pinned) as unknown),
  };
}

/** A ReplicaSet with this machine as its template. */
export function machineSet(name: string, spec: MachineSpec, version = "v1alpha6"): object {
  const labels = { app: name };
  const template = {
    metadata: { labels },
    spec: { className: "best-effort-small", storageClass: "standard", ...spec },
  };
  return {
    apiVersion: `${GROUP}/${version}`,
    kind: "VirtualMachineReplicaSet",
    metadata: { name, namespace: NAMESPACE },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  };
}

/** Images of examples/images. */
export const UBUNTU = { kind: "VirtualMachineImage", name: "vmi-0a0044d7c690bcbea" };
export const PHOTON_OF_CL_LINUX = { kind: "VirtualMachineImage", name: "vmi-38cba0e73c6ba3792" };
export const DEBIAN = { kind: "VirtualMachineImage", name: "vmi-859800d0616bdde5a" };
export const ROCKY = { kind: "ClusterVirtualMachineImage", name: "vmi-5cb0d0fbeb78ad7a5" };
export const LIVE_ISO = { kind: "ClusterVirtualMachineImage", name: "vmi-cae970d7cebbffc03" };
export const WINDOWS = { kind: "ClusterVirtualMachineImage", name: "vmi-5588fa2443a6bb42e" };
