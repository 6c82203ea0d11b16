import type { JsonObject } from "../../src/common/json.ts";
import { NAMESPACE } from "../support/catalogue.ts";

/** What a person writes: a VirtualMachine of namespace dev in the newest version, but for what is said. */
export interface Written {
  readonly kind?: keyof typeof KINDS;
  readonly version?: string;
  readonly namespace?: string;
  readonly metadata?: JsonObject;
  /** Of a ReplicaSet, that of its machines. */
  readonly spec: JsonObject;
}

/** An image, as a reference names it. */
export interface ImageRef {
  readonly kind: string;
  readonly name: string;
}

/** What an object names in the end. */
export interface Outcome {
  /** What the person takes from a list, or chooses freely; where the remedy leaves that open. */
  readonly typed?: unknown;
  /** The image that the machine boots from. */
  readonly boots?: ImageRef;
  /** The images of its CD-ROMs. */
  readonly cdroms?: readonly ImageRef[];
  /** Of another mistake that the remedy leaves. */
  readonly warnings?: readonly string[];
}

/** A row of the table of mistakes. */
export interface Mistake {
  /** What the person did wrong. */
  readonly title: string;
  /** What was applied before; where the mistake is an update. */
  readonly before?: Written;
  readonly applied: Written;
  /** Who applies it; an ordinary user where nothing is said. */
  readonly by?: "admin";
  /** Only a client that does not ask for strict validation gets so far: `kubectl apply --validate=false`. */
  readonly isUnvalidated?: boolean;
  /** A warning admits the object. */
  readonly outcome: "refused" | "warned";
  /** `FIELD: TEXT` of each problem. */
  readonly messages: readonly string[];
  /** What each remedy of the messages leads to, in the order in which the text has them. */
  readonly remedied: readonly Outcome[];
}

const GROUP = "vmoperator.vmware.com";

/** The spec of an object around what is written, by kind. */
const KINDS = {
  VirtualMachine: (spec: JsonObject): JsonObject => ({ ...CLASS, ...spec }),
  VirtualMachineReplicaSet: (spec: JsonObject, name: string): JsonObject => ({
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { ...CLASS, ...spec } },
  }),
  VirtualMachinePublishRequest: (spec: JsonObject): JsonObject => ({
    source: { name: "web" },
    ...spec,
  }),
  VirtualMachineGroupPublishRequest: (spec: JsonObject): JsonObject => ({
    source: "web",
    target: "cl-team",
    ttlSecondsAfterFinished: 60,
    ...spec,
  }),
} as const;
const CLASS = { className: "best-effort-small", storageClass: "standard" };

/** The manifest of what is written. `metadata` may give another name. */
export function manifestOf(written: Written, name: string): JsonObject {
  const { kind = "VirtualMachine", version = "v1alpha6", namespace = NAMESPACE, metadata, spec } = written;
  return {
    apiVersion: `${GROUP}/${version}`,
    kind,
    metadata: { name, namespace, ...metadata },
    spec: KINDS[kind](spec, name),
  };
}
