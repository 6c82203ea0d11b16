import { at, listAt, textAt } from "../../common/json.ts";
import { IMAGE_KIND_ROWS, type ImageKind } from "../../images/image.ts";
import { ifFound } from "../../kube/api-error.ts";
import type { ApiClient } from "../../kube/api-client.ts";
import { readJson } from "../../kube/response.ts";
import { ReflectorError } from "./recovery.ts";

/** The API resource that serves a kind. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  /** As in paths and RBAC rules: `virtualmachineimages`. */
  readonly plural: string;
  /** Whether its objects are in namespaces. Old Supervisors serve VirtualMachineImage with cluster scope. */
  readonly namespaced: boolean;
}

/**
 * v1 comes before v1beta1, and v1beta1 before v1alpha6, as in k8s.io/apimachinery
 * version.CompareKubeAwareVersionStrings.
 */
const VERSION = /^v(?<major>\d+)(?:(?<stage>alpha|beta)(?<minor>\d+))?$/;
const STAGES: Readonly<Record<string, number>> = { alpha: 0, beta: 1, stable: 2 };

/**
 * Finds the newest version that serves the kind, in the first of its groups that serves it. Throws a ReflectorError
 * `absent` if no group does: the CRD is not installed.
 */
export async function discover(client: ApiClient, kind: ImageKind, signal: AbortSignal): Promise<Resource> {
  const { groups, scope } = IMAGE_KIND_ROWS[kind];
  const resource = await discoverKind(client, { kind, groups, scope }, signal);
  if (resource !== undefined) return resource;
  throw new ReflectorError("absent", `no version of ${groups.join(" or ")} serves ${kind}`);
}

/** A kind to look for. */
export interface WantedKind {
  readonly kind: string;
  /** In the order in which they are asked. */
  readonly groups: readonly string[];
  /** `Cluster` for a kind that is never in a namespace. */
  readonly scope: "Namespaced" | "Cluster" | "*";
  /** Only one of these versions; absent means any. */
  readonly versions?: readonly string[];
}

/** As `discover`, for any kind; undefined where no group serves it. */
export async function discoverKind(
  client: ApiClient,
  wanted: WantedKind,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  for (const group of wanted.groups) {
    const resource = await discoverIn(group, client, wanted, signal);
    if (resource !== undefined) return resource;
  }
  return undefined;
}

async function discoverIn(
  group: string,
  client: ApiClient,
  { kind, scope, versions: wanted }: WantedKind,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  const path = `/apis/${group}`;
  const versions = listAt(await getIfFound(client, path, signal), ["versions"]).map((entry) =>
    textAt(entry, ["version"]),
  );
  for (const version of versions.filter((each) => each !== "" && wanted?.includes(each) !== false).sort(newestFirst)) {
    const resources = listAt(await getIfFound(client, `${path}/${version}`, signal), ["resources"]);
    const resource = resources.find((each) => textAt(each, ["kind"]) === kind && !isSubresource(each));
    const plural = textAt(resource, ["name"]);
    if (plural !== "") return { group, version, plural, namespaced: isNamespaced(resource, scope) };
  }
  return undefined;
}

/** The kinds of cluster scope always have it. A VirtualMachineImage has the scope that discovery says. */
function isNamespaced(resource: unknown, scope: WantedKind["scope"]): boolean {
  return scope !== "Cluster" && at(resource, ["namespaced"]) !== false;
}

/**
 * `/apis/vmoperator.vmware.com/v1alpha6/namespaces/dev/virtualmachineimages`. Without a namespace it is the path of all
 * namespaces. A resource of cluster scope has one path, and ignores the namespace.
 */
export function resourcePath({ group, version, plural, namespaced }: Resource, namespace: string | undefined): string {
  const scope = namespace === undefined || !namespaced ? "" : `namespaces/${encodeURIComponent(namespace)}/`;
  return `/apis/${group}/${version}/${scope}${plural}`;
}

export function newestFirst(one: string, other: string): number {
  const [first, second] = [rankOf(one), rankOf(other)];
  for (const [position, rank] of first.entries()) {
    const difference = (second[position] ?? 0) - rank;
    if (difference !== 0) return difference;
  }
  return 0;
}

function rankOf(version: string): readonly number[] {
  const { major, stage = "stable", minor = 0 } = VERSION.exec(version)?.groups ?? {};
  return major === undefined ? [-1, 0, 0] : [STAGES[stage] ?? 0, Number(major), Number(minor)];
}

/** The subresource `virtualmachineimages/status` has the same kind. */
function isSubresource(resource: unknown): boolean {
  return textAt(resource, ["name"]).includes("/");
}

/** The JSON at a path; undefined for a 404. */
function getIfFound(client: ApiClient, path: string, signal: AbortSignal): Promise<unknown> {
  return ifFound(client.get(path, signal).then(readJson));
}
