import { at, isJsonObject, type JsonObject, listAt, member, textAt, textOrNothing } from "../../common/json.ts";
import type { ImageFacts, Readiness } from "../image.ts";

/** The paths of the facts that API versions keep in different places (vm-operator api/v1alpha1..6). */
interface VersionFacts {
  readonly displayName: readonly string[];
  readonly type: readonly string[];
  /** The image is ready if all of these conditions are True. */
  readonly readyConditions: readonly string[];
}

const TYPE_LABEL = "image.vmoperator.vmware.com/type";
const CAPABILITY_LABEL_PREFIX = "capability.image.vmoperator.vmware.com/";
const LIBRARY_ANNOTATION = "vmoperator.vmware.com/conversion-content-lib-ref";

/** Only v1alpha1 has this field. The other versions keep it in the annotation above. */
const LIBRARY_IN_V1ALPHA1 = ["status", "contentLibraryRef", "name"];

const NEWEST: VersionFacts = {
  displayName: ["status", "name"],
  type: ["status", "type"],
  readyConditions: ["Ready"],
};

/** Every other version is read as the newest. */
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

/** The facts of a VirtualMachineImage or ClusterVirtualMachineImage of this version, except for its metadata. */
export function vmImageFacts(value: JsonObject, version: string): ImageFacts {
  const facts = Object.hasOwn(FACTS_BY_VERSION, version) ? (FACTS_BY_VERSION[version] ?? NEWEST) : NEWEST;
  return {
    displayNameAt: facts.displayName,
    type: textOrNothing(value, facts.type),
    firmware: textOrNothing(value, ["status", "firmware"])?.toLowerCase(),
    capabilities: capabilitiesOf(value),
    library: libraryOf(value),
    readiness: readinessOf(value, facts.readyConditions),
  };
}

/** vm-operator writes the label value "true", and older documents show it empty. Only "false" denies the capability. */
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
  return [...found];
}

function libraryOf(value: JsonObject): string | undefined {
  const annotation = textAt(value, ["metadata", "annotations", LIBRARY_ANNOTATION]);
  if (annotation === "") return textOrNothing(value, LIBRARY_IN_V1ALPHA1);
  try {
    return textOrNothing(JSON.parse(annotation), ["name"]);
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
