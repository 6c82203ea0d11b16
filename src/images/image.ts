import { at, isJsonObject, type JsonObject, listAt, member, textAt } from "../json.ts";

export const VM_OPERATOR_GROUP = "vmoperator.vmware.com";

/** The kinds of image that machines boot from, namespaced first: the order in which a name is searched. */
export const VM_IMAGE_KINDS = ["VirtualMachineImage", "ClusterVirtualMachineImage"] as const;
export type VmImageKind = (typeof VM_IMAGE_KINDS)[number];

export const IMAGE_KINDS = [...VM_IMAGE_KINDS] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

interface ImageKindRow {
  /** API groups that serve it, in the order in which they are asked for it. */
  readonly groups: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
}

/** THE table of image kinds. */
export const IMAGE_KIND_ROWS: Readonly<Record<ImageKind, ImageKindRow>> = {
  VirtualMachineImage: { groups: [VM_OPERATOR_GROUP], scope: "Namespaced" },
  ClusterVirtualMachineImage: { groups: [VM_OPERATOR_GROUP], scope: "Cluster" },
};

/** An image whose object name starts so is meant by its VMI ID (design section 2). */
export const VMI_ID_PREFIX = "vmi-";

/** What the index keeps of a VirtualMachineImage or ClusterVirtualMachineImage. */
export interface Image {
  readonly kind: ImageKind;
  /** `""` for a cluster image. */
  readonly namespace: string;
  /** `metadata.name`, the object name. */
  readonly name: string;
  /** As the API server wrote it; "" for an image that is from no API server. */
  readonly resourceVersion: string;
  /** `metadata.uid`, "" where there is none: tells an image from a later one of the same name. */
  readonly uid: string;
  readonly displayName: string | undefined;
  /** `OVF`, `ISO`, `VM`, as written; undefined where the object does not say. */
  readonly type: string | undefined;
  /** Lower case, `efi` or `bios`. */
  readonly firmware: string | undefined;
  readonly capabilities: readonly string[];
  /** Object name of the content library it comes from. */
  readonly library: string | undefined;
  readonly readiness: Readiness;
  /** It has a `deletionTimestamp`. */
  readonly terminating: boolean;
}

export type Readiness =
  | { readonly is: "ready" }
  | { readonly is: "notReady"; readonly condition: string; readonly reason: string; readonly message: string };

export type DecodedImage =
  | { readonly is: "image"; readonly image: Image }
  | { readonly is: "otherKind" }
  | { readonly is: "malformed"; readonly field: string; readonly why: string };

/** Where one API version keeps the facts that moved between versions (vm-operator api/v1alpha1..6). */
interface VersionFacts {
  readonly displayName: readonly string[];
  readonly type: readonly string[];
  /** All must be True. */
  readonly readyConditions: readonly string[];
}

const DEFAULT_NAMESPACE = "default";
const TYPE_LABEL = "image.vmoperator.vmware.com/type";
const CAPABILITY_LABEL_PREFIX = "capability.image.vmoperator.vmware.com/";
const LIBRARY_ANNOTATION = "vmoperator.vmware.com/conversion-content-lib-ref";

/** Newer versions keep it in the annotation above; no other version has this field. */
const LIBRARY_IN_V1ALPHA1 = ["status", "contentLibraryRef", "name"];

const NEWEST: VersionFacts = {
  displayName: ["status", "name"],
  type: ["status", "type"],
  readyConditions: ["Ready"],
};

/** Versions not named here are read as the newest. */
const FACTS_BY_VERSION: Readonly<Record<string, VersionFacts>> = {
  v1alpha1: {
    displayName: ["status", "imageName"],
    type: ["spec", "type"],
    readyConditions: [
      "VirtualMachineImageSynced",
      "VirtualMachineImageProviderReady",
      "VirtualMachineImageProviderSecurityCompliance",
    ],
  },
  v1alpha2: { ...NEWEST, type: ["metadata", "labels", TYPE_LABEL] },
};

const READY: Readiness = { is: "ready" };
const NO_CAPABILITIES: readonly string[] = [];

export function isImageKind(kind: string): kind is ImageKind {
  return (IMAGE_KINDS as readonly string[]).includes(kind);
}

export function isVmImageKind(kind: string): kind is VmImageKind {
  return (VM_IMAGE_KINDS as readonly string[]).includes(kind);
}

/**
 * The one place that knows where an image object keeps its facts (design section 2).
 *
 * A namespaced image that names no namespace belongs to `default`, as `kubectl apply` would put it. Facts of a wrong
 * JSON type count as absent where they do not decide which image is meant.
 */
export function decodeImage(value: unknown): DecodedImage {
  const [group = "", version = ""] = textAt(value, ["apiVersion"]).split("/");
  const kind = textAt(value, ["kind"]);
  if (!isJsonObject(value) || !isImageKind(kind) || !IMAGE_KIND_ROWS[kind].groups.includes(group)) {
    return { is: "otherKind" };
  }
  const name = textAt(value, ["metadata", "name"]);
  if (name === "") return { is: "malformed", field: "metadata.name", why: "must be a non-empty string" };
  const facts = factsOf(version);
  if (isNoText(at(value, facts.displayName))) {
    return { is: "malformed", field: facts.displayName.join("."), why: "must be a string; put it in quotes" };
  }
  return {
    is: "image",
    image: {
      kind,
      namespace: namespaceOf(value, kind),
      name,
      resourceVersion: textAt(value, ["metadata", "resourceVersion"]),
      uid: textAt(value, ["metadata", "uid"]),
      displayName: textOrNothing(value, facts.displayName),
      type: textOrNothing(value, facts.type),
      firmware: textOrNothing(value, ["status", "firmware"])?.toLowerCase(),
      capabilities: capabilitiesOf(value),
      library: libraryOf(value),
      readiness: readinessOf(value, facts.readyConditions),
      terminating: textAt(value, ["metadata", "deletionTimestamp"]) !== "",
    },
  };
}

function namespaceOf(value: JsonObject, kind: ImageKind): string {
  const isNamespaced = IMAGE_KIND_ROWS[kind].scope === "Namespaced";
  return isNamespaced ? textAt(value, ["metadata", "namespace"]) || DEFAULT_NAMESPACE : "";
}

function factsOf(version: string): VersionFacts {
  return Object.hasOwn(FACTS_BY_VERSION, version) ? (FACTS_BY_VERSION[version] ?? NEWEST) : NEWEST;
}

/** A display name such as 24.04 without quotes is a number in YAML: to drop it would be a silent loss. */
function isNoText(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== "string";
}

function textOrNothing(value: JsonObject, path: readonly string[]): string | undefined {
  const text = textAt(value, path);
  return text === "" ? undefined : text;
}

/** vm-operator writes the label value "true"; older documents show it empty. Only "false" says no. */
function capabilitiesOf(value: JsonObject): readonly string[] {
  const found = new Set<string>();
  for (const capability of listAt(value, ["status", "capabilities"])) {
    if (typeof capability === "string") found.add(capability);
  }
  const labels = at(value, ["metadata", "labels"]);
  if (isJsonObject(labels)) {
    for (const [label, setting] of Object.entries(labels)) {
      if (label.startsWith(CAPABILITY_LABEL_PREFIX) && setting !== "false") {
        found.add(label.slice(CAPABILITY_LABEL_PREFIX.length));
      }
    }
  }
  return found.size === 0 ? NO_CAPABILITIES : [...found];
}

function libraryOf(value: JsonObject): string | undefined {
  const annotation = textAt(value, ["metadata", "annotations", LIBRARY_ANNOTATION]);
  if (annotation === "") return textOrNothing(value, LIBRARY_IN_V1ALPHA1);
  try {
    const name = member(JSON.parse(annotation), "name");
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}

function readinessOf(value: JsonObject, types: readonly string[]): Readiness {
  const conditions = listAt(value, ["status", "conditions"]);
  for (const type of types) {
    const condition = conditions.find((candidate) => member(candidate, "type") === type);
    if (member(condition, "status") === "True") continue;
    return {
      is: "notReady",
      condition: type,
      reason: condition === undefined ? "NoCondition" : textAt(condition, ["reason"]),
      message: condition === undefined ? `the image has no condition ${type} yet` : textAt(condition, ["message"]),
    };
  }
  return READY;
}
