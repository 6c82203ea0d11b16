import type { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { Failure, messageOf } from "../common/failure.ts";
import type { Credentials, ReadCredentials, TlsMaterial } from "./credentials.ts";

/** Where the kubelet mounts a pod's token (rest.InClusterConfig of client-go). */
const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/** Set in every pod by the kubelet. */
const IN_CLUSTER_VARIABLE = "KUBERNETES_SERVICE_HOST";
/** The server that client-node returns if it finds no kubeconfig. */
const DEFAULT_SERVER = "http://localhost:8080";

export interface KubeconfigOptions {
  /** Undefined: the service account of the pod, else the default kubeconfig. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Prefix of the paths of a pod's token and CA, for tests. */
  readonly root?: string;
}

/**
 * Loads the kubeconfig part of @kubernetes/client-node. Loading blocks the event loop for a moment, so a server does it
 * before it listens.
 */
export async function preloadKubeConfig(): Promise<void> {
  await import("./client-kubeconfig.ts");
}

/**
 * Credentials by @kubernetes/client-node: tokens, client certificates, exec plugins. The package takes tens of
 * megabytes, so the first read loads it. Its transport is not used: it opens a connection for each request, and its
 * informers give up for good after an error.
 */
export function kubeconfigCredentials(options: KubeconfigOptions): ReadCredentials {
  const { environment, root = "" } = options;
  let cached: KubeConfig | undefined;
  /** Never goes back to false: a token that is missing for a moment does not mean that this is no pod. */
  let isInPod = false;
  return async (renewed) => {
    isInPod ||= environment[IN_CLUSTER_VARIABLE] !== undefined && existsSync(root + SERVICE_ACCOUNT_TOKEN);
    const config = cached === undefined || renewed ? await load(options, isInPod) : cached;
    // Exec plugins and OIDC track the expiry of their tokens. Files are read each time.
    cached = tracksExpiry(config) ? config : undefined;
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

function tracksExpiry(config: KubeConfig): boolean {
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
  if (cluster.server === DEFAULT_SERVER && cluster.name === "cluster") {
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

/** Trims each value: a token file may end with a newline. */
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

/**
 * Picks the TLS options. The agent that client-node adds is left out: it is cached for ever and keeps no connection.
 */
function tlsOf({ ca, cert, key, passphrase, servername, rejectUnauthorized }: RequestOptions): TlsMaterial {
  const material = { ca, cert, key, passphrase, servername, rejectUnauthorized };
  for (const [name, bytes] of Object.entries({ CA: ca, "client certificate": cert, "client key": key })) {
    if (bytes instanceof Buffer && bytes.length === 0) throw new Failure("cluster", `the ${name} is empty`);
  }
  return Object.fromEntries(Object.entries(material).filter(([, value]) => value !== undefined));
}
