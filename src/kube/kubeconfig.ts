import type { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { Failure, messageOf } from "../common/failure.ts";
import type { Credentials, ReadCredentials, TlsMaterial } from "./credentials.ts";

/** Where the kubelet mounts a pod's token (rest.InClusterConfig of client-go). */
const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/** The kubelet sets it in every pod. */
const IN_CLUSTER_VARIABLE = "KUBERNETES_SERVICE_HOST";
/** What client-node says where it found no kubeconfig at all. */
const NOTHING_FOUND = "http://localhost:8080";

export interface KubeconfigOptions {
  /** Undefined: in-cluster, then the usual kubeconfig. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Before the paths of a pod's token and CA, for tests. */
  readonly root?: string;
}

/**
 * Loads the kubeconfig part of @kubernetes/client-node, which blocks the event loop for a moment: for a server, before it
 * listens.
 */
export async function preloadKubeConfig(): Promise<void> {
  await import("./client-kubeconfig.ts");
}

/**
 * Credentials by @kubernetes/client-node: tokens, client certificates, exec plugins. It is loaded when they are first
 * read (it costs tens of megabytes); its transport is not used, for it opens a connection for every request and gives
 * up for good.
 */
export function kubeconfigCredentials(options: KubeconfigOptions): ReadCredentials {
  const { environment, root = "" } = options;
  let kept: KubeConfig | undefined;
  /** For good: a token that is missing for a moment does not make this another place. */
  let isInPod = false;
  return async (renewed) => {
    isInPod ||= environment[IN_CLUSTER_VARIABLE] !== undefined && existsSync(root + SERVICE_ACCOUNT_TOKEN);
    const config = kept === undefined || renewed ? await load(options, isInPod) : kept;
    // Plugins and OIDC know how long what they gave is good for; files are to be read each time.
    kept = remembersWell(config) ? config : undefined;
    return credentialsOf(config);
  };
}

async function load({ file, root = "" }: KubeconfigOptions, isInPod: boolean): Promise<KubeConfig> {
  const { KubeConfig } = await import("./client-kubeconfig.ts");
  const config = new KubeConfig();
  try {
    if (file !== undefined && file !== "") config.loadFromFile(file);
    else if (isInPod) config.loadFromCluster(root);
    else config.loadFromDefault();
  } catch (error) {
    throw new Failure("cluster", `cannot read the kubeconfig${file ? ` ${file}` : ""}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return config;
}

function remembersWell(config: KubeConfig): boolean {
  const user = config.getCurrentUser();
  const provider: unknown = user?.authProvider;
  return user?.exec !== undefined || (provider !== undefined && !isTokenFile(config));
}

function isTokenFile(config: KubeConfig): boolean {
  const provider = config.getCurrentUser()?.authProvider as { config?: { tokenFile?: unknown } } | undefined;
  return provider?.config?.tokenFile !== undefined;
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Failure("cluster", "the kubeconfig has no current context with a cluster");
  if (cluster.server === NOTHING_FOUND && cluster.name === "cluster") {
    throw new Failure(
      "cluster",
      "no cluster: not in a pod, and no kubeconfig found; give --kubeconfig FILE, or --images DIR for images in files",
    );
  }
  if (cluster.proxyUrl) throw new Failure("cluster", "the kubeconfig has a proxy-url, which is not supported");
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = headersOf(options);
  if (isTokenFile(config) && headers["Authorization"] === undefined) throw new Failure("cluster", "the token is empty");
  return { server: new URL(cluster.server), headers, tls: tlsOf(options) };
}

/** A file's last newline is no part of a token. */
function headersOf({ headers = {}, auth }: RequestOptions): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = String(value).trim();
    if (text === "Bearer") throw new Failure("cluster", "the token is empty");
    found[name] = text;
  }
  if (auth) found["Authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
  return found;
}

/** Only what node:https needs: the agent that client-node adds is cached for ever and keeps no connection. */
function tlsOf({ ca, cert, key, passphrase, servername, rejectUnauthorized }: RequestOptions): TlsMaterial {
  const material = { ca, cert, key, passphrase, servername, rejectUnauthorized };
  for (const [name, bytes] of Object.entries({ CA: ca, "client certificate": cert, "client key": key })) {
    if (bytes instanceof Buffer && bytes.length === 0) throw new Failure("cluster", `the ${name} is empty`);
  }
  return Object.fromEntries(Object.entries(material).filter(([, value]) => value !== undefined));
}
