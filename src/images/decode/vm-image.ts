import { at, isJsonObject, type JsonObject, listAt, member, textAt, textOrNothing } from "../../common/json.ts";
import type { Readiness, VmImageKind } from "../image.ts";
import type { KindDecoder } from "./kind-decoder.ts";

/** The fields of one API version for facts that moved between versions (vm-operator api/v1alpha1..6). */
interface VersionFacts {
  readonly displayName: readonly string[];
  readonly type: readonly string[];
  /** Conditions that must all be True. */
  readonly readyConditions: readonly string[];
}

const TYPE_LABEL = "image.vmoperator.vmware.com/type";
const CAPABILITY_LABEL_PREFIX = "capability.image.vmoperator.vmware.com/";
const LIBRARY_ANNOTATION = "vmoperator.vmware.com/conversion-content-lib-ref";

/** Only v1alpha1 has this field. Newer versions use the annotation above. */
const LIBRARY_IN_V1ALPHA1 = ["status", "contentLibraryRef", "name"];

const NEWEST: VersionFacts = {
  displayName: ["status", "name"],
  type: ["status", "type"],
  readyConditions: ["Ready"],
};

/** A version that is not listed is read as the newest. */
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

/** Decodes a VirtualMachineImage or ClusterVirtualMachineImage. */
export function vmImageDecoder(kind: VmImageKind): KindDecoder {
  return {
    displayNamePath: (version) => factsOf(version).displayName,
    decode: (object, version, metadata) => {
      const { type, readyConditions } = factsOf(version);
      return {
        kind,
        ...metadata,
        type: textOrNothing(object, type),
        firmware: textOrNothing(object, ["status", "firmware"])?.toLowerCase(),
        capabilities: capabilitiesOf(object),
        library: libraryOf(object),
        readiness: readinessOf(object, readyConditions),
      };
    },
  };
}

function factsOf(version: string): VersionFacts {
  return Object.hasOwn(FACTS_BY_VERSION, version) ? (FACTS_BY_VERSION[version] ?? NEWEST) : NEWEST;
}

/** vm-operator writes the label value "true", and older documents show it empty. Only "false" means no. */
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
