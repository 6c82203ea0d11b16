import { at, isJsonObject, type JsonObject, textAt, textOrNothing } from "../../common/json.ts";
import { osImageFacts } from "./os-image.ts";
import { type DecodedImage, IMAGE_KIND_ROWS, type ImageFacts, type ImageKind, isImageKind } from "../image.ts";
import { vmImageFacts } from "./vm-image.ts";

const DEFAULT_NAMESPACE = "default";

/** The decoder of each kind. */
const FACTS: Readonly<Record<ImageKind, (value: JsonObject, version: string) => ImageFacts>> = {
  VirtualMachineImage: vmImageFacts,
  ClusterVirtualMachineImage: vmImageFacts,
  OSImage: osImageFacts,
};

/**
 * Reduces an object of the API server or of a file to what the index keeps. A field of a wrong JSON type counts as absent,
 * except for the names, which decide the meaning of a reference.
 */
export function decodeImage(value: unknown): DecodedImage {
  const [group = "", version = ""] = textAt(value, ["apiVersion"]).split("/");
  const kind = textAt(value, ["kind"]);
  if (!isJsonObject(value) || !isImageKind(kind) || !IMAGE_KIND_ROWS[kind].groups.includes(group)) {
    return { is: "otherKind" };
  }
  const name = textAt(value, ["metadata", "name"]);
  if (name === "") return { is: "malformed", field: "metadata.name", why: "must be a non-empty string" };
  const { displayNameAt, ...facts } = FACTS[kind](value, version);
  if (isNoText(at(value, displayNameAt))) {
    return { is: "malformed", field: displayNameAt.join("."), why: "must be a string; put it in quotes" };
  }
  return {
    is: "image",
    image: {
      kind,
      namespace: namespaceOf(value, kind),
      name,
      resourceVersion: textAt(value, ["metadata", "resourceVersion"]),
      uid: textAt(value, ["metadata", "uid"]),
      displayName: textOrNothing(value, displayNameAt),
      ...facts,
      terminating: textAt(value, ["metadata", "deletionTimestamp"]) !== "",
    },
  };
}

/**
 * A stored object has a uid. Without a namespace it has cluster scope (`isClusterScopedVmImage`). A manifest without a
 * namespace belongs to `default`, where `kubectl apply` would create it.
 */
function namespaceOf(value: JsonObject, kind: ImageKind): string {
  if (IMAGE_KIND_ROWS[kind].scope === "Cluster") return "";
  const namespace = textAt(value, ["metadata", "namespace"]);
  const isStored = textAt(value, ["metadata", "uid"]) !== "";
  return namespace === "" && !isStored ? DEFAULT_NAMESPACE : namespace;
}

/** Without quotes a display name such as 24.04 is a number in YAML. Ignoring it would hide the mistake. */
function isNoText(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== "string";
}
