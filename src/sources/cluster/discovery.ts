import { IMAGE_KIND_ROWS, type ImageKind } from "../../images/image.ts";
import { at, listAt, textAt } from "../../common/json.ts";
import { type ApiClient, readJson } from "../../kube/response.ts";
import { Trouble } from "../../kube/trouble.ts";

/** Where a kind is served. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  /** As in paths and rights, `virtualmachineimages`. */
  readonly plural: string;
  /** Whether its objects are in namespaces. False for a VirtualMachineImage of cluster scope, too. */
  readonly namespaced: boolean;
}

/** v1 before v1beta1 before v1alpha6: the order of k8s.io/apimachinery version.CompareKubeAwareVersionStrings. */
const VERSION = /^v(?<major>\d+)(?:(?<stage>alpha|beta)(?<minor>\d+))?$/;
const STAGES: Readonly<Record<string, number>> = { alpha: 0, beta: 1, stable: 2 };

/**
 * The newest version that serves the kind, of the first of its groups that does. A Trouble `absent` where none does: the
 * CRD is not installed.
 */
export async function discover(client: ApiClient, kind: ImageKind, signal: AbortSignal): Promise<Resource> {
  const { groups } = IMAGE_KIND_ROWS[kind];
  for (const group of groups) {
    const resource = await discoverIn(group, client, kind, signal);
    if (resource !== undefined) return resource;
  }
  throw new Trouble("absent", `no version of ${groups.join(" or ")} serves ${kind}`);
}

async function discoverIn(
  group: string,
  client: ApiClient,
  kind: ImageKind,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  const path = `/apis/${group}`;
  const versions = listAt(await getIfThere(client, path, signal), ["versions"]).map((entry) =>
    textAt(entry, ["version"]),
  );
  for (const version of versions.filter((each) => each !== "").sort(newestFirst)) {
    const resources = listAt(await getIfThere(client, `${path}/${version}`, signal), ["resources"]);
    const resource = resources.find((each) => textAt(each, ["kind"]) === kind && !isSubresource(each));
    const plural = textAt(resource, ["name"]);
    if (plural !== "") return { group, version, plural, namespaced: isNamespaced(resource, kind) };
  }
  return undefined;
}

/** A kind that is written for cluster scope has no other; a VirtualMachineImage has the scope that the cluster says. */
function isNamespaced(resource: unknown, kind: ImageKind): boolean {
  return IMAGE_KIND_ROWS[kind].scope === "Namespaced" && at(resource, ["namespaced"]) !== false;
}

/**
 * `/apis/vmoperator.vmware.com/v1alpha6/namespaces/dev/virtualmachineimages`; namespace "" is all. What has cluster
 * scope has one path, whatever the namespace.
 */
export function resourcePath({ group, version, plural, namespaced }: Resource, namespace: string): string {
  const scope = namespace === "" || !namespaced ? "" : `namespaces/${encodeURIComponent(namespace)}/`;
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

/** `virtualmachineimages/status` has the kind, too. */
function isSubresource(resource: unknown): boolean {
  return textAt(resource, ["name"]).includes("/");
}

async function getIfThere(client: ApiClient, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await readJson(await client.get(path, signal));
  } catch (error) {
    if (error instanceof Trouble && error.code === "gone") return undefined;
    throw error;
  }
}
