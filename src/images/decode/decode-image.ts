import { at, isJsonObject, type JsonObject, textAt, textOrNothing } from "../../common/json.ts";
import { type DecodedImage, IMAGE_KIND_ROWS, type ImageKind, isImageKind } from "../image.ts";
import type { KindDecoder } from "./kind-decoder.ts";
import { osImageDecoder } from "./os-image.ts";
import { vmImageDecoder } from "./vm-image.ts";

const DEFAULT_NAMESPACE = "default";

const DECODERS: Readonly<Record<ImageKind, KindDecoder>> = {
  VirtualMachineImage: vmImageDecoder("VirtualMachineImage"),
  ClusterVirtualMachineImage: vmImageDecoder("ClusterVirtualMachineImage"),
  OSImage: osImageDecoder,
};

/**
 * Decodes an object from the API server or from a file. A fact of a wrong JSON type counts as absent, unless it is a
 * name: names decide which image a reference means.
 */
export function decodeImage(value: unknown): DecodedImage {
  const [group = "", version = ""] = textAt(value, ["apiVersion"]).split("/");
  const kind = textAt(value, ["kind"]);
  if (!isJsonObject(value) || !isImageKind(kind) || !IMAGE_KIND_ROWS[kind].groups.includes(group)) {
    return { is: "otherKind" };
  }
  const name = textAt(value, ["metadata", "name"]);
  if (name === "") return { is: "malformed", field: "metadata.name", why: "must be a non-empty string" };
  const { displayNamePath, decode } = DECODERS[kind];
  const displayNameAt = displayNamePath(version);
  if (isWrongType(at(value, displayNameAt))) {
    return { is: "malformed", field: displayNameAt.join("."), why: "must be a string; put what you wrote in quotes" };
  }
  const metadata = {
    namespace: namespaceOf(value, kind),
    name,
    resourceVersion: textOrNothing(value, ["metadata", "resourceVersion"]),
    uid: textOrNothing(value, ["metadata", "uid"]),
    displayName: textOrNothing(value, displayNameAt),
    terminating: textAt(value, ["metadata", "deletionTimestamp"]) !== "",
  };
  return { is: "image", image: decode(value, version, metadata) };
}

/**
 * An object that an API server has stored has a uid. If it has no namespace, it is cluster-scoped
 * (`isClusterScopedVmImage`). A manifest without a namespace belongs to `default`, where `kubectl apply` would put it.
 */
function namespaceOf(value: JsonObject, kind: ImageKind): string | undefined {
  if (IMAGE_KIND_ROWS[kind].scope === "Cluster") return undefined;
  const isStored = textAt(value, ["metadata", "uid"]) !== "";
  return textOrNothing(value, ["metadata", "namespace"]) ?? (isStored ? undefined : DEFAULT_NAMESPACE);
}

/** In YAML, a display name such as 24.04 is a number unless it is quoted. To ignore it would hide the mistake. */
function isWrongType(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== "string";
}
