import { Failure } from "../../common/failure.ts";
import type { ClusterEntry, Kubeconfig, UserEntry } from "./kubeconfig.ts";

/** A context with what it names. */
export interface SelectedContext {
  /** For people: `context "dev" of /home/me/.kube/config`. */
  readonly origin: string;
  readonly cluster: ClusterEntry;
  /** Undefined sends requests without credentials. */
  readonly user: UserEntry | undefined;
  readonly namespace: string | undefined;
}

/** The named context, by default the current one. Throws a Failure that names what there is instead. */
export function selectContext(config: Kubeconfig, name: string | undefined): SelectedContext {
  const files = config.files.join(", ");
  const chosen = name ?? config.currentContext;
  if (chosen === undefined) throw new Failure("cluster", noCurrentContext(config));
  const context = config.contexts.get(chosen);
  if (context === undefined) {
    const what = name === undefined ? "current-context" : "context";
    throw new Failure(
      "cluster",
      `the ${what} "${chosen}" is not in the kubeconfig ${files}; ${known("contexts", config.contexts)}`,
    );
  }
  const origin = `context "${chosen}" of ${context.file}`;
  if (context.cluster === undefined) throw new Failure("cluster", `${origin} names no cluster`);
  const cluster = config.clusters.get(context.cluster);
  if (cluster === undefined) {
    throw new Failure(
      "cluster",
      `${origin} names the cluster "${context.cluster}", which is not there; ${known("clusters", config.clusters)}`,
    );
  }
  const user = context.user === undefined ? undefined : config.users.get(context.user);
  if (user === undefined && context.user !== undefined) {
    throw new Failure(
      "cluster",
      `${origin} names the user "${context.user}", which is not there; ${known("users", config.users)}`,
    );
  }
  return { origin, cluster, user, namespace: context.namespace };
}

function noCurrentContext({ files, contexts }: Kubeconfig): string {
  const [first] = contexts.keys();
  const file = files[0] ?? "";
  const begin = `the kubeconfig ${files.join(", ")} has no current-context`;
  if (first === undefined) return `${begin}, and no contexts`;
  return `${begin}; ${known("contexts", contexts)}. Choose one: kubectl config use-context ${first} --kubeconfig ${file}`;
}

function known(what: string, entries: ReadonlyMap<string, unknown>): string {
  return entries.size === 0 ? `it has no ${what}` : `its ${what} are ${[...entries.keys()].join(", ")}`;
}
