import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import type { Environment } from "./load.ts";
import type { SelectedContext } from "./select.ts";

/** Where the kubelet mounts a pod's token, CA and namespace (rest.InClusterConfig of client-go). */
const SERVICE_ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount";

/** Whether this is a pod with a service account. `root` is the root folder, with a slash at its end. */
export function isPod(root: string, environment: Environment): boolean {
  return environment["KUBERNETES_SERVICE_HOST"] !== undefined && existsSync(`${root}${SERVICE_ACCOUNT}/token`);
}

/** The service account of a pod, in the shape of a kubeconfig's context. */
export async function serviceAccountContext(root: string, environment: Environment): Promise<SelectedContext> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = environment;
  const folder = `${root}${SERVICE_ACCOUNT}`;
  const entry = { name: "service account", file: folder };
  const none = { file: undefined, data: undefined };
  return {
    origin: "the pod's service account",
    cluster: {
      ...entry,
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      tlsServerName: undefined,
      insecureSkipTlsVerify: false,
      ca: { field: "CA", file: `${folder}/ca.crt`, data: undefined },
      proxyUrl: undefined,
      disableCompression: false,
      execConfig: undefined,
    },
    user: {
      ...entry,
      certificate: { field: "client-certificate", ...none },
      key: { field: "client-key", ...none },
      token: undefined,
      tokenFile: `${folder}/token`,
      username: undefined,
      password: undefined,
      impersonation: { user: undefined, uid: undefined, groups: [], extra: {} },
      exec: undefined,
      authProvider: undefined,
    },
    namespace: await readFile(`${folder}/namespace`, "utf8").then(
      (text) => text.trim() || undefined,
      () => undefined,
    ),
  };
}
