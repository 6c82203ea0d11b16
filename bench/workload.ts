import { createHash } from "node:crypto";

/** Where the namespaced images are. */
const NAMESPACES = 20;
/** One image in so many is a cluster image. */
const CLUSTER_SHARE = 10;

export interface ImageObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly status: Readonly<Record<string, unknown>> & { readonly name: string };
}

/** The image that the review of the bench means: it is there whatever their number. */
export const MEANT = { position: 1, namespace: namespaceOf(1), displayName: displayNameOf(1), name: nameOf(1) };

/** An image as vm-operator makes it, of about 4 kB; position 0, 10, 20 ... are cluster images. */
export function imageObject(
  position: number,
  resourceVersion: string,
  displayName = displayNameOf(position),
): ImageObject {
  const isCluster = isClusterImage(position);
  const name = nameOf(position);
  const library = isCluster ? "ClusterContentLibrary" : "ContentLibrary";
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: isCluster ? "ClusterVirtualMachineImage" : "VirtualMachineImage",
    metadata: {
      name,
      ...(isCluster ? {} : { namespace: namespaceOf(position) }),
      uid: uuidOf(`uid ${position}`),
      resourceVersion,
      generation: 2,
      creationTimestamp: "2026-01-15T10:00:00Z",
      annotations: {
        "vmoperator.vmware.com/conversion-content-lib-ref": `{"apiGroup":"imageregistry.vmware.com","kind":"${library}","name":"cl-${position % 50}"}`,
      },
      labels: {
        "image.vmoperator.vmware.com/type": "OVF",
        "capability.image.vmoperator.vmware.com/cloud-init": "true",
        "os.image.vmoperator.vmware.com/id": "ubuntu64Guest",
      },
      finalizers: [`virtualmachineimage.vmoperator.vmware.com/${isCluster ? "cluster" : "namespace"}`],
      managedFields: ["image-registry-operator", "vm-operator", "kubectl-edit"].map(managedFields),
    },
    spec: {
      providerRef: { apiVersion: "imageregistry.vmware.com/v1alpha2", kind: `${library}Item`, name: `clitem-${name}` },
    },
    status: {
      name: displayName,
      type: "OVF",
      firmware: "efi",
      hardwareVersion: 19,
      providerContentVersion: "1",
      providerItemID: uuidOf(`item ${position}`),
      osInfo: { id: "94", type: "ubuntu64Guest" },
      productInfo: { product: "Ubuntu Server", vendor: "Canonical", version: "24.04", fullVersion: "24.04.1 LTS" },
      disks: [0, 1].map((disk) => ({ name: `disk-${disk}`, size: "2Gi", capacity: "10Gi" })),
      conditions: ["Ready", "VirtualMachineImageSynced", "VirtualMachineImageProviderReady"].map((type) => ({
        type,
        status: "True",
        reason: "True",
        message: "",
        lastTransitionTime: "2026-01-15T10:00:00Z",
      })),
      ovfProperties: ["instance-id", "hostname", "seedfrom", "public-keys", "user-data", "password"].map((key) => ({
        key,
        type: "string",
        default: `${key} of the guest, set at its first start by the cloud-init of image ${position}`,
      })),
    },
  } as ImageObject;
}

export function isClusterImage(position: number): boolean {
  return position % CLUSTER_SHARE === 0;
}

export function displayNameOf(position: number): string {
  return `ubuntu-24.04-build-${String(position).padStart(6, "0")}`;
}

/** The CREATE review of a machine, 3 kB with its managedFields, as an API server sends it. */
export function createReview({ namespace, displayName }: { namespace: string; displayName: string }): string {
  const kind = { group: "vmoperator.vmware.com", version: "v1alpha6", kind: "VirtualMachine" };
  const resource = { group: "vmoperator.vmware.com", version: "v1alpha6", resource: "virtualmachines" };
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "705ab4f5-6393-4118-b7cc-42010a800002",
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: "web-1",
      namespace,
      operation: "CREATE",
      userInfo: {
        username: "system:serviceaccount:argocd:argocd-application-controller",
        uid: "7d2f1a52-6393-4118-b7cc-42010a800003",
        groups: ["system:serviceaccounts", "system:serviceaccounts:argocd", "system:authenticated"],
      },
      object: machine(namespace, displayName),
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "argocd-controller" },
    },
  });
}

function machine(namespace: string, displayName: string): object {
  const metadata = { name: "web-1", namespace, labels: { app: "web", "topology.kubernetes.io/zone": "zone-1" } };
  const spec = {
    className: "best-effort-medium",
    imageName: displayName,
    storageClass: "vsan-default-storage-policy",
    powerState: "PoweredOn",
    bootstrap: { cloudInit: { rawCloudConfig: { name: "web-1-bootstrap", key: "user-data" } } },
    network: {
      hostName: "web-1",
      interfaces: [{ name: "eth0", network: { kind: "SubnetSet", name: "default" }, dhcp4: true }],
    },
    readinessProbe: { tcpSocket: { port: 443 } },
  };
  const applied = JSON.stringify({
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachine",
    metadata,
    spec,
  });
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachine",
    metadata: {
      ...metadata,
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": applied },
      managedFields: [managedFields("argocd-controller"), managedFields("kubectl-client-side-apply")],
    },
    spec,
  };
}

function managedFields(manager: string): object {
  return {
    manager,
    operation: "Update",
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    time: "2026-01-15T10:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: {
      "f:metadata": { "f:annotations": { ".": {}, "f:vmoperator.vmware.com/owner": {} }, "f:labels": { ".": {} } },
      "f:spec": { ".": {}, "f:className": {}, "f:imageName": {}, "f:network": { ".": {}, "f:interfaces": {} } },
      "f:status": { ".": {}, "f:conditions": { ".": {}, 'k:{"type":"Ready"}': { ".": {}, "f:status": {} } } },
    },
  };
}

function namespaceOf(position: number): string {
  return `team-${position % NAMESPACES}`;
}

function nameOf(position: number): string {
  return `vmi-${digest(`item ${position}`).slice(0, 17)}`;
}

function uuidOf(what: string): string {
  return digest(what).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

function digest(what: string): string {
  return createHash("sha1").update(what).digest("hex");
}
