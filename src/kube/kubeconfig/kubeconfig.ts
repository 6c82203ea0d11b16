/** A cluster of a kubeconfig. Paths are absolute, or relative to the current folder as the kubeconfig's own path is. */
export interface ClusterEntry {
  readonly name: string;
  /** The kubeconfig that has the entry. */
  readonly file: string;
  readonly server: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly ca: FileOrData;
  readonly proxyUrl: string | undefined;
  readonly disableCompression: boolean;
  /** What the cluster has for exec plugins: the extension `client.authentication.k8s.io/exec`. */
  readonly execConfig: unknown;
}

/** A file, or its bytes in base64. The bytes win, as in client-go. */
export interface FileOrData {
  /** Name of the field, for messages: `certificate-authority`. */
  readonly field: string;
  readonly file: string | undefined;
  readonly data: string | undefined;
}

export interface UserEntry {
  readonly name: string;
  readonly file: string;
  readonly certificate: FileOrData;
  readonly key: FileOrData;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly impersonation: Impersonation;
  readonly exec: ExecEntry | undefined;
  /** A plugin of client-go's own, such as `oidc`. */
  readonly authProvider: { readonly name: string; readonly config: unknown } | undefined;
}

export interface Impersonation {
  readonly user: string | undefined;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const INTERACTIVE_MODES = ["Never", "IfAvailable", "Always"] as const;

/** A program that prints credentials (client-go credential plugin). */
export interface ExecEntry {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: (typeof INTERACTIVE_MODES)[number];
}

export interface ContextEntry {
  readonly name: string;
  readonly file: string;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

/** One kubeconfig, or several as one. */
export interface Kubeconfig {
  /** The files that were read, in order of precedence. */
  readonly files: readonly string[];
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly currentContext: string | undefined;
}
