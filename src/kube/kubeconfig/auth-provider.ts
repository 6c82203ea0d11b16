import type { KubeConfig } from "@kubernetes/client-node";
import type { RequestOptions } from "node:https";
import type { UserEntry } from "./kubeconfig.ts";

/** Those of @kubernetes/client-node. */
const PROVIDERS = ["oidc", "gcp", "azure"];
/** client-node needs an address. It is not used. */
const PLACEHOLDER_SERVER = "https://api-server.invalid";

/**
 * Tokens by an `auth-provider` of a kubeconfig. @kubernetes/client-node renews them. It takes tens of megabytes, so it is
 * loaded where a user has one.
 */
export class AuthProvider {
  #cached: { readonly key: string; readonly config: KubeConfig } | undefined;

  /** The value of the Authorization header. `renewed` forgets what was renewed before. */
  async authorization({ name, authProvider }: UserEntry, renewed: boolean): Promise<string | undefined> {
    if (!PROVIDERS.includes(authProvider?.name ?? ""))
      throw new Error(`the auth-provider of user "${name}" is none of ${PROVIDERS.join(", ")}`);
    const key = JSON.stringify([name, authProvider]);
    if (renewed || this.#cached?.key !== key) {
      const { KubeConfig } = await import("../client-kubeconfig.ts");
      const config = new KubeConfig();
      config.loadFromClusterAndUser({ name, server: PLACEHOLDER_SERVER, skipTLSVerify: true }, { name, authProvider });
      this.#cached = { key, config };
    }
    const options: RequestOptions = {};
    await this.#cached.config.applyToHTTPSOptions(options);
    const header = Object.entries(options.headers ?? {}).find(([field]) => field === "Authorization")?.[1];
    return header === undefined ? undefined : String(header);
  }
}
