import { createHash } from "node:crypto";

/** The namespaces of the images that are not cluster images. */
const NAMESPACES = 20;
/** One image in so many is a cluster image. */
const CLUSTER_SHARE = 10;
/** Images of a page of a list: the limit that the webhook sends. */
export const PAGE_SIZE = 100;
const TIME = "2026-01-15T10:00:00Z";
/** ISO images have positions beyond those of all other images. */
const ISO_POSITIONS = 1_000_000;

export interface ImageObject {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly status: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly [other: string]: unknown;
}

/** The image of the review. Every number of images contains it. */
export const MEANT = { position: 1, namespace: namespaceOf(1), displayName: displayNameOf(1), name: nameOf(1) };

/** An image as vm-operator makes it, of about 4 kB; positions 0, 10, 20 ... are cluster images. */
export function imageObject(position: number): ImageObject {
  const isCluster = isClusterImage(position);
  const name = nameOf(position);
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: isCluster ? "ClusterVirtualMachineImage" : "VirtualMachineImage",
    metadata: {
      name,
      ...(isCluster ? {} : { namespace: namespaceOf(position) }),
      uid: digest(`uid ${position}`),
      resourceVersion: String(position + 1),
      generation: 2,
      creationTimestamp: TIME,
      labels: { "image.vmoperator.vmware.com/type": "OVF", "os.image.vmoperator.vmware.com/id": "ubuntu64Guest" },
      finalizers: [`virtualmachineimage.vmoperator.vmware.com/${isCluster ? "cluster" : "namespace"}`],
      managedFields: managedFields(4),
    },
    spec: { providerRef: { apiVersion: "imageregistry.vmware.com/v1alpha2", kind: "ContentLibraryItem", name } },
    status: {
      name: displayNameOf(position),
      type: "OVF",
      firmware: "efi",
      hardwareVersion: 19,
      providerContentVersion: "1",
      providerItemID: digest(`item ${position}`),
      osInfo: { id: "94", type: "ubuntu64Guest" },
      productInfo: { product: "Ubuntu Server", vendor: "Canonical", version: "24.04", fullVersion: "24.04.1 LTS" },
      disks: [0, 1].map((disk) => ({ name: `disk-${disk}`, size: "2Gi", capacity: "10Gi" })),
      conditions: ["Ready", "VirtualMachineImageSynced", "VirtualMachineImageProviderReady"].map((type) => {
        return { type, status: "True", reason: "True", message: "", lastTransitionTime: TIME };
      }),
      ovfProperties: ["instance-id", "hostname", "seedfrom", "public-keys", "user-data", "password"].map((key) => {
        return {
          key,
          type: "string",
          default: `${key} of the machine, set at its first start by cloud-init of the image`,
        };
      }),
    },
  };
}

export function isClusterImage(position: number): boolean {
  return position % CLUSTER_SHARE === 0;
}

function displayNameOf(position: number): string {
  return `ubuntu-24.04-build-${String(position).padStart(6, "0")}`;
}

/** An image that a CD-ROM may hold, in the namespace of the review. */
export function isoImage(position: number): ImageObject {
  const image = imageObject(ISO_POSITIONS + NAMESPACES * position + MEANT.position);
  return { ...image, status: { ...image.status, type: "ISO" } };
}

export interface ReviewOptions {
  /** Number of CD-ROMs. Each names an image of `isoImage` by its display name. */
  readonly cdroms?: number;
  /** Entries of `managedFields`, which only make the body larger. */
  readonly managers?: number;
  /** What the machine names; the image that is meant where it is absent. */
  readonly imageName?: string;
}

/** The CREATE review of a machine, as an API server sends it: 3 kB where no option says otherwise. */
export function createReview({ cdroms = 0, managers = 2, imageName = MEANT.displayName }: ReviewOptions = {}): string {
  const kind = { group: "vmoperator.vmware.com", version: "v1alpha6", kind: "VirtualMachine" };
  const resource = { group: "vmoperator.vmware.com", version: "v1alpha6", resource: "virtualmachines" };
  const request = {
    uid: "705ab4f5-6393-4118-b7cc-42010a800002",
    kind,
    resource,
    requestKind: kind,
    requestResource: resource,
    name: "web-1",
    namespace: MEANT.namespace,
    operation: "CREATE",
    userInfo: {
      username: "system:serviceaccount:argocd:argocd-application-controller",
      groups: ["system:serviceaccounts", "system:serviceaccounts:argocd", "system:authenticated"],
    },
    object: machine({ cdroms, managers, imageName }),
    oldObject: null,
    dryRun: false,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "argocd-controller" },
  };
  return JSON.stringify({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request });
}

function machine({ cdroms, managers, imageName }: Required<ReviewOptions>): object {
  const { namespace } = MEANT;
  const metadata = { name: "web-1", namespace, labels: { app: "web", "topology.kubernetes.io/zone": "zone-1" } };
  const spec = {
    className: "best-effort-medium",
    imageName,
    storageClass: "vsan-default-storage-policy",
    powerState: "PoweredOn",
    guestID: "ubuntu64Guest",
    bootstrap: { cloudInit: { rawCloudConfig: { name: "web-1-bootstrap", key: "user-data" } } },
    network: { hostName: "web-1", interfaces: [{ name: "eth0", network: { kind: "SubnetSet" }, dhcp4: true }] },
    readinessProbe: { tcpSocket: { port: 443 } },
    ...(cdroms === 0 ? {} : { hardware: { cdrom: Array.from({ length: cdroms }, (_, position) => cdrom(position)) } }),
  };
  const object = { apiVersion: "vmoperator.vmware.com/v1alpha6", kind: "VirtualMachine", metadata, spec };
  return {
    ...object,
    metadata: {
      ...metadata,
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(object) },
      managedFields: managedFields(managers),
    },
  };
}

function cdrom(position: number): object {
  return { name: `cdrom-${position}`, image: { kind: "VirtualMachineImage", name: isoImage(position).status.name } };
}

function managedFields(managers: number): readonly object[] {
  return Array.from({ length: managers }, (_, position) => ({
    manager: `manager-${position}`,
    operation: "Update",
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    time: TIME,
    fieldsType: "FieldsV1",
    fieldsV1: {
      "f:metadata": { "f:annotations": { ".": {}, "f:vmoperator.vmware.com/owner": {} }, "f:labels": { ".": {} } },
      "f:spec": { ".": {}, "f:className": {}, "f:imageName": {}, "f:network": { ".": {}, "f:interfaces": {} } },
      "f:status": { ".": {}, "f:conditions": { ".": {}, 'k:{"type":"Ready"}': { ".": {}, "f:status": {} } } },
    },
  }));
}

function namespaceOf(position: number): string {
  return `team-${position % NAMESPACES}`;
}

function nameOf(position: number): string {
  return `vmi-${digest(`item ${position}`).slice(0, 17)}`;
}

function digest(what: string): string {
  return createHash("sha1").update(what).digest("hex");
}
