export const VM_OPERATOR_GROUP = "vmoperator.vmware.com";

/**
 * vCluster Platform serves each of its objects in both groups. `storage.loft.sh` comes first: the kube-apiserver itself
 * serves it, from CRDs. `management.loft.sh` is a view of the same objects, served by an API server of the platform.
 * That server is down when the platform is down, and it shows each caller only the objects that the caller may see.
 */
export const PLATFORM_GROUPS = ["storage.loft.sh", "management.loft.sh"] as const;

/** The kinds of image that machines boot from, namespaced first: the order in which a name is searched. */
export const VM_IMAGE_KINDS = ["VirtualMachineImage", "ClusterVirtualMachineImage"] as const;
export type VmImageKind = (typeof VM_IMAGE_KINDS)[number];

/** The kinds of all image systems. Only references of the same system can name an OSImage. */
export const IMAGE_KINDS = [...VM_IMAGE_KINDS, "OSImage"] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

interface ImageKindRow {
  /** API groups that serve the kind, in the order in which discovery asks them. */
  readonly groups: readonly string[];
  /** The scope in current versions. Discovery says which scope a cluster serves. */
  readonly scope: "Namespaced" | "Cluster";
  /** The resource name to use with kubectl. */
  readonly resource: string;
  /** Whether people choose the object names, and so mistype them. Otherwise an object name is a VMI ID. */
  readonly namedByPeople: boolean;
}

/** Facts about each kind of image. */
export const IMAGE_KIND_ROWS: Readonly<Record<ImageKind, ImageKindRow>> = {
  VirtualMachineImage: { groups: [VM_OPERATOR_GROUP], scope: "Namespaced", resource: "vmi", namedByPeople: false },
  ClusterVirtualMachineImage: { groups: [VM_OPERATOR_GROUP], scope: "Cluster", resource: "cvmi", namedByPeople: false },
  OSImage: { groups: PLATFORM_GROUPS, scope: "Cluster", resource: "osimages", namedByPeople: true },
};

/** The object name of a VM image is a VMI ID if it begins with this prefix. */
export const VMI_ID_PREFIX = "vmi-";

/** What the index keeps of an image. */
export type Image = VmImage | OsImage;

/** The facts that images of every kind have. */
interface CommonFacts {
  /** Undefined for a cluster-scoped image: one of a cluster-scoped kind, or see `isClusterScopedVmImage`. */
  readonly namespace: string | undefined;
  /** `metadata.name`, the object name. */
  readonly name: string;
  /** As the API server wrote it; undefined if no API server has stored the image. */
  readonly resourceVersion: string | undefined;
  /** `metadata.uid`: differs between an image and a later one of the same name. Undefined as `resourceVersion`. */
  readonly uid: string | undefined;
  readonly displayName: string | undefined;
  readonly readiness: Readiness;
  /** Whether the object has a `deletionTimestamp`. */
  readonly terminating: boolean;
}

/** An image that machines boot from. */
export interface VmImage extends CommonFacts {
  readonly kind: VmImageKind;
  /** `OVF`, `ISO` or `VM`, as written; undefined if the object does not say. */
  readonly type: string | undefined;
  /** `efi` or `bios`, in lower case. */
  readonly firmware: string | undefined;
  readonly capabilities: readonly string[];
  /** Object name of the content library that the image comes from. */
  readonly library: string | undefined;
}

/** An image of vCluster Platform. */
export interface OsImage extends CommonFacts {
  readonly kind: "OSImage";
  /** Who may use the image. Undefined if the object does not say: then every user may. */
  readonly access: ImageAccess | undefined;
}

/** Names of users and teams. The user `*` stands for every user. */
export interface ImageAccess {
  readonly users: readonly string[];
  readonly teams: readonly string[];
}

export type Readiness =
  | { readonly is: "ready" }
  | { readonly is: "notReady"; readonly condition: string; readonly reason: string; readonly message: string };

/** The facts that `decodeImage` reads in the same way for every kind. */
export type ImageMetadata = Omit<CommonFacts, "readiness">;

export type DecodedImage =
  | { readonly is: "image"; readonly image: Image }
  | { readonly is: "otherKind" }
  | { readonly is: "malformed"; readonly field: string; readonly why: string };

/**
 * Whether this is a cluster-scoped VirtualMachineImage. Supervisors before April 2024 serve that kind with cluster
 * scope (v1alpha1, v1alpha2). Every namespace may use such an image, and its object name is not a VMI ID. Where the
 * kind is namespaced, each of its images has a namespace.
 */
export function isClusterScopedVmImage({ kind, namespace }: Image): boolean {
  return kind === "VirtualMachineImage" && namespace === undefined;
}

export function isVmImage(image: Image): image is VmImage {
  return isVmImageKind(image.kind);
}

/** The content library of an image; only images that machines boot from have one. */
export function libraryOf(image: Image): string | undefined {
  return isVmImage(image) ? image.library : undefined;
}

export function isImageKind(kind: string): kind is ImageKind {
  return (IMAGE_KINDS as readonly string[]).includes(kind);
}

export function isVmImageKind(kind: string): kind is VmImageKind {
  return (VM_IMAGE_KINDS as readonly string[]).includes(kind);
}
