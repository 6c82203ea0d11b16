import type { Logger } from "pino";
import { Failure, messageOf } from "../../common/failure.ts";
import type { Timing } from "../../common/timing.ts";
import type { Credentials, ReadCredentials } from "../credentials.ts";
import { UserAuthentication } from "./authentication.ts";
import { isPod, serviceAccountContext } from "./in-cluster.ts";
import type { ClusterEntry } from "./kubeconfig.ts";
import { type Environment, loadKubeconfig } from "./load.ts";
import { selectContext, type SelectedContext } from "./select.ts";
import { tlsOf } from "./tls.ts";
import { environmentProxy, proxyUrl } from "./proxy.ts";
import { serverUrl } from "./server-url.ts";

/** Where a cluster is described. */
export interface ContextOptions {
  /** Undefined: the service account of the pod, else the files of KUBECONFIG, else ~/.kube/config. */
  readonly file: string | undefined;
  /** Undefined: the current context. A context that is named is never the pod's service account. */
  readonly context?: string | undefined;
  readonly environment: Environment;
  /** Prefix of the paths of a pod's token and CA, with a slash at its end, for tests. */
  readonly root?: string;
}

export interface KubeconfigOptions extends ContextOptions {
  readonly log: Logger;
  readonly timing: Pick<Timing, "now" | "setTimer">;
  /** Whether an exec plugin may ask a person on the standard input. */
  readonly interactive?: boolean;
  /** Ends an exec plugin. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Credentials of a kubeconfig or a pod, as kubectl and client-go read them. Every read takes the files as they are then.
 * A read throws a Failure that names the file and the field.
 */
export function kubeconfigCredentials(options: KubeconfigOptions): ReadCredentials {
  const { interactive = false, ...others } = options;
  const authentication = new UserAuthentication({ ...others, interactive });
  const contextOf = contextReader(options);
  return async (renewed) => {
    const context = await contextOf();
    try {
      return await credentialsOf(context, authentication, { environment: options.environment, renewed });
    } catch (error) {
      throw new Failure("cluster", `${context.origin}: ${messageOf(error)}`, { cause: error });
    }
  };
}

/** The namespace of the context; undefined if it names none. Throws a Failure like a read of its credentials. */
export async function kubeconfigNamespace(options: ContextOptions): Promise<string | undefined> {
  return (await contextReader(options)()).namespace;
}

function contextReader({ file, context, environment, root = "/" }: ContextOptions): () => Promise<SelectedContext> {
  const isNamed = [file, context].some((given) => given !== undefined && given !== "");
  /** Never goes back to false: a token that is missing for a moment does not mean that this is no pod. */
  let isInPod = false;
  return async () => {
    isInPod ||= !isNamed && isPod(root, environment);
    if (isInPod) return serviceAccountContext(root, environment);
    return selectContext(await loadKubeconfig(file, environment), context === "" ? undefined : context);
  };
}

async function credentialsOf(
  context: SelectedContext,
  authentication: UserAuthentication,
  { environment, renewed }: { readonly environment: Environment; readonly renewed: boolean },
): Promise<Credentials> {
  const { cluster, user, origin } = context;
  const server = serverOf(context);
  const proxy = proxyOf(cluster, server, environment);
  const way = { server, origin, ...(proxy && { proxy }) };
  // Without TLS anybody on the way could read the credentials, so client-go does not send them.
  if (server.protocol === "http:") return { ...way, headers: {}, tls: {} };
  const tls = await tlsOf(cluster, user);
  return { ...way, ...(await authentication.of(context, tls, renewed)) };
}

function serverOf({ cluster, user }: SelectedContext): URL {
  const { name, server, ca, insecureSkipTlsVerify } = cluster;
  if (server === undefined) throw new Error(`cluster "${name}" has no server`);
  const files = [ca, user?.certificate];
  const hasTls = insecureSkipTlsVerify || files.some((each) => (each?.data ?? each?.file) !== undefined);
  try {
    return serverUrl(server, hasTls);
  } catch (error) {
    throw new Error(`server ${server} of cluster "${name}" ${messageOf(error)}`, { cause: error });
  }
}

/** The cluster's own proxy wins over that of the environment. */
function proxyOf({ name, proxyUrl: own }: ClusterEntry, server: URL, environment: Environment): URL | undefined {
  if (own === undefined) return environmentProxy(server, environment);
  try {
    return proxyUrl(own);
  } catch (error) {
    throw new Error(`proxy-url of cluster "${name}" ${messageOf(error)}`, { cause: error });
  }
}
