export const VM_OPERATOR_GROUP = "vmoperator.vmware.com";

/**
 * vCluster Platform serves each of its objects in both groups. `storage.loft.sh` comes first: its objects are those of
 * CRDs, kept by the kube-apiserver itself, while `management.loft.sh` is a view of them by an API server of the platform,
 * which is away when the platform is, and shows each caller what that one may see.
 */
export const PLATFORM_GROUPS = ["storage.loft.sh", "management.loft.sh"] as const;

/** The kinds of image that machines boot from, namespaced first: the order in which a name is searched. */
export const VM_IMAGE_KINDS = ["VirtualMachineImage", "ClusterVirtualMachineImage"] as const;
export type VmImageKind = (typeof VM_IMAGE_KINDS)[number];

/** With those of other image systems, each of which only references of its own can name. */
export const IMAGE_KINDS = [...VM_IMAGE_KINDS, "OSImage"] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

interface ImageKindRow {
  /** API groups that serve it, in the order in which they are asked for it. */
  readonly groups: readonly string[];
  /** As served today; discovery says how a cluster serves it. */
  readonly scope: "Namespaced" | "Cluster";
  /** How kubectl users call its resource. */
  readonly resource: string;
  /** People choose its object names, and mistype them; else they are VMI IDs. */
  readonly namedByPeople: boolean;
}

/** Facts about each kind of image. */
export const IMAGE_KIND_ROWS: Readonly<Record<ImageKind, ImageKindRow>> = {
  VirtualMachineImage: { groups: [VM_OPERATOR_GROUP], scope: "Namespaced", resource: "vmi", namedByPeople: false },
  ClusterVirtualMachineImage: { groups: [VM_OPERATOR_GROUP], scope: "Cluster", resource: "cvmi", namedByPeople: false },
  OSImage: { groups: PLATFORM_GROUPS, scope: "Cluster", resource: "osimages", namedByPeople: true },
};

/** The object name of a VM image is its VMI ID where it begins with this. */
export const VMI_ID_PREFIX = "vmi-";

/** What the index keeps of an image. */
export type Image = VmImage | OsImage;

/** What images of every kind have. */
interface CommonFacts {
  /** Undefined for an image of the cluster: its kind has cluster scope, or see `isClusterScopedVmImage`. */
  readonly namespace: string | undefined;
  /** `metadata.name`, the object name. */
  readonly name: string;
  /** As the API server wrote it; undefined for an image that no API server has stored. */
  readonly resourceVersion: string | undefined;
  /** `metadata.uid`: tells an image from a later one of the same name; undefined as `resourceVersion` is. */
  readonly uid: string | undefined;
  readonly displayName: string | undefined;
  readonly readiness: Readiness;
  /** It has a `deletionTimestamp`. */
  readonly terminating: boolean;
}

/** An image that machines boot from. */
export interface VmImage extends CommonFacts {
  readonly kind: VmImageKind;
  /** `OVF`, `ISO`, `VM`, as written; undefined where the object does not say. */
  readonly type: string | undefined;
  /** Lower case, `efi` or `bios`. */
  readonly firmware: string | undefined;
  readonly capabilities: readonly string[];
  /** Object name of the content library it comes from. */
  readonly library: string | undefined;
}

/** An image of vCluster Platform. */
export interface OsImage extends CommonFacts {
  readonly kind: "OSImage";
  /** Who may use it; undefined where the object does not say, so that every user may. */
  readonly access: ImageAccess | undefined;
}

/** Names of users and teams; the user `*` is everybody. */
export interface ImageAccess {
  readonly users: readonly string[];
  readonly teams: readonly string[];
}

export type Readiness =
  | { readonly is: "ready" }
  | { readonly is: "notReady"; readonly condition: string; readonly reason: string; readonly message: string };

/** What every kind of image keeps in the same fields of its object, and the display name. */
export type ImageMetadata = Omit<CommonFacts, "readiness">;

export type DecodedImage =
  | { readonly is: "image"; readonly image: Image }
  | { readonly is: "otherKind" }
  | { readonly is: "malformed"; readonly field: string; readonly why: string };

/**
 * Whether this is a VirtualMachineImage of the cluster. Supervisors before April 2024 serve that kind with cluster scope
 * (v1alpha1, v1alpha2): every namespace may use such an image, and its object name is no VMI ID. Where the kind has
 * namespaces, each of its images is in one.
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
