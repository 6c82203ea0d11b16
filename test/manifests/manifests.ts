import { readFileSync } from "node:fs";
import { parse, parseAllDocuments } from "yaml";

export const MANIFESTS = new URL("../../manifests/", import.meta.url);

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Volume {
  readonly name: string;
  readonly secret: { readonly secretName: string; readonly defaultMode: number };
}

/** One operation of a JSON patch. */
export interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

interface HttpProbe {
  readonly httpGet: { readonly path: string; readonly port: string | number };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly startupProbe: HttpProbe;
  readonly livenessProbe: HttpProbe;
  readonly readinessProbe: HttpProbe;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly: boolean }[];
}

export interface Deployment extends Manifest {
  readonly spec: {
    readonly replicas: number;
    readonly strategy: { readonly rollingUpdate: Readonly<Record<string, unknown>> };
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly terminationGracePeriodSeconds: number;
        readonly priorityClassName: string;
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly topologySpreadConstraints: readonly Readonly<Record<string, unknown>>[];
        readonly containers: readonly Container[];
        readonly volumes?: readonly Volume[];
      };
    };
  };
}

export interface Service extends Manifest {
  readonly spec: { readonly ports: readonly { readonly port: number; readonly targetPort: string | number }[] };
}

export interface ResourceQuota extends Manifest {
  readonly spec: { readonly scopeSelector: unknown };
}

export interface Certificate extends Manifest {
  readonly spec: {
    readonly secretName: string;
    readonly dnsNames?: readonly string[];
    readonly isCA?: boolean;
    readonly duration: string;
    readonly renewBefore?: string;
    readonly issuerRef: { readonly name: string; readonly kind: string };
  };
}

interface Kinds {
  readonly Certificate: Certificate;
  readonly Deployment: Deployment;
  readonly ResourceQuota: ResourceQuota;
  readonly Service: Service;
}

/** The manifest type of a kind; tests read fields of the kinds above. */
type OfKind<Kind extends string> = Kind extends keyof Kinds ? Kinds[Kind] : Manifest;

export interface Kustomization {
  readonly resources: readonly string[];
  readonly components?: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
}

export function textOf(file: string): string {
  return readFileSync(new URL(file, MANIFESTS), "utf8");
}

export function kustomization(folder: string): Kustomization {
  return parse(textOf(`${folder}/kustomization.yaml`)) as Kustomization;
}

/** The operations of a JSON patch. */
export function patchOf(file: string): readonly PatchOperation[] {
  return parse(textOf(file)) as readonly PatchOperation[];
}

/** Every document of the files that the kustomization of this folder names. */
export function manifestsOf(folder: string): readonly Manifest[] {
  const files = kustomization(folder).resources.filter((resource) => resource.endsWith(".yaml"));
  return files.flatMap((file) =>
    parseAllDocuments(textOf(`${folder}/${file}`)).map((document) => document.toJS() as Manifest),
  );
}

/** The manifest of this kind and name; throws unless there is exactly one. */
export function only<Kind extends string>(
  manifests: readonly Manifest[],
  kind: Kind,
  name = "vm-image-webhook",
): OfKind<Kind> {
  const found = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  const [manifest] = found;
  if (manifest === undefined || found.length > 1) throw new Error(`there are ${found.length} ${kind} ${name}, not one`);
  return manifest as OfKind<Kind>;
}
