import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import type { Image, ImageKind } from "../../src/images/image.ts";
import type { JsonObject } from "../../src/common/json.ts";
import type { Endpoint } from "../../src/references/target.ts";
import { type Answer, answer, request, type RequestFacts, type VirtualMachine } from "./admission.ts";
import { indexOf, osImage } from "./catalogue.ts";

export const OS_IMAGE = "vcluster.com/os-image";

/** Two of one display name, one that is closed to all but a few. */
export const OS_IMAGES: readonly Image[] = [
  osImage("noble", "Ubuntu 24.04"),
  osImage("jammy", "Ubuntu 22.04"),
  osImage("twin-a", "Twin"),
  osImage("twin-b", "Twin"),
  osImage("closed", "Closed", { access: { users: ["owner", "granted"], teams: ["infra"] } }),
];

export const PLATFORM: RequestFacts = { group: "storage.loft.sh", version: "v1", namespace: "" };

/** Of a NodeProvider with these properties: its own, and of node types by provider and name. */
export function nodeProvider(
  own: object | undefined,
  types: Readonly<Partial<Record<"metal3" | "kubeVirt", Readonly<Record<string, object>>>>> = {},
): { spec: JsonObject } {
  const providers = Object.entries(types).map(([provider, named]) => {
    const nodeTypes = Object.entries(named).map(([name, properties]) => ({ name, maxCapacity: 1, properties }));
    return [provider, { clusterRef: { cluster: "metal" }, nodeTypes }];
  });
  return { spec: { displayName: "nodes", properties: own, ...(Object.fromEntries(providers) as JsonObject) } };
}

interface Special {
  readonly images?: readonly Image[];
  readonly synced?: readonly ImageKind[];
}

/** What is said to an object of the platform: a CREATE, or the UPDATE of `special.oldObject`. */
export function asked(
  endpoint: Endpoint,
  kind: string,
  object: VirtualMachine,
  special: RequestFacts & Partial<AdmissionPolicy> & Special = {},
): Answer {
  const { images = OS_IMAGES, synced, resolution, levels, isPrivileged, teamGroupPrefix, ...facts } = special;
  const chosen = Object.entries({ resolution, levels, isPrivileged, teamGroupPrefix });
  const policy: Partial<AdmissionPolicy> = Object.fromEntries(chosen.filter(([, value]) => value !== undefined));
  return answer(endpoint, request(object, { ...PLATFORM, kind, ...facts }), indexOf(images, synced), policy);
}
