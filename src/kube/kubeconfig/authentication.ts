import type { Timing } from "../../common/timing.ts";
import { AuthProvider } from "./auth-provider.ts";
import type { RequestHeaders, TlsMaterial } from "../credentials.ts";
import type { ExecCredential } from "./exec-credential.ts";
import { type ExecPluginOptions, runExecPlugin } from "./exec-plugin.ts";
import type { ExecEntry, Impersonation, UserEntry } from "./kubeconfig.ts";
import type { SelectedContext } from "./select.ts";
import { checked, readNamed } from "./tls.ts";

export interface AuthenticationOptions extends ExecPluginOptions {
  readonly timing: Pick<Timing, "setTimer" | "now">;
}

/** How a user proves who it is: headers, or a client certificate. */
export interface Authentication {
  readonly headers: RequestHeaders;
  readonly tls: TlsMaterial;
}

/**
 * The headers and the client certificate of a kubeconfig's user. What plugins gave is kept until it expires, until the
 * API server refuses it, or until the kubeconfig changes.
 */
export class UserAuthentication {
  readonly #options: AuthenticationOptions;
  readonly #provider = new AuthProvider();
  #kept: { readonly key: string; readonly credential: ExecCredential } | undefined;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  /** `renewed` asks plugins again. Throws an Error that names field and file. */
  async of(context: SelectedContext, tls: TlsMaterial, renewed: boolean): Promise<Authentication> {
    const { user } = context;
    if (user === undefined) return { headers: {}, tls };
    const impersonation = impersonationHeaders(user.impersonation);
    const authorization = await authorizationOf(user);
    if (authorization !== undefined) return { headers: { ...impersonation, Authorization: authorization }, tls };
    if (user.exec !== undefined) {
      const { token, certificate: cert, key } = await this.#exec(user.exec, context, { ca: tls.ca, renewed });
      return {
        headers: { ...impersonation, ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
        tls: cert === undefined || key === undefined ? tls : checked({ ...tls, cert, key }),
      };
    }
    const provided = user.authProvider && (await this.#provider.authorization(user, renewed));
    return { headers: { ...impersonation, ...(provided !== undefined && { Authorization: provided }) }, tls };
  }

  async #exec(
    exec: ExecEntry,
    { cluster }: SelectedContext,
    { ca, renewed }: { readonly ca: TlsMaterial["ca"]; readonly renewed: boolean },
  ): Promise<ExecCredential> {
    const bytes = ca === undefined ? undefined : Buffer.from(ca);
    const key = JSON.stringify([exec, cluster, bytes?.toString("base64")]);
    if (this.#kept?.key === key && !renewed && !this.#isExpired(this.#kept.credential)) return this.#kept.credential;
    const credential = await runExecPlugin(exec, { entry: cluster, ca: bytes }, this.#options);
    this.#kept = { key, credential };
    return credential;
  }

  #isExpired({ expires }: ExecCredential): boolean {
    return expires !== undefined && expires <= this.#options.timing.now();
  }
}

/** A token file wins over a token, which is for where the file cannot be read; both win over plugins (client-go). */
async function authorizationOf(user: UserEntry): Promise<string | undefined> {
  const { name, token, tokenFile, username, password = "" } = user;
  if (username !== undefined) {
    if (token !== undefined || tokenFile !== undefined)
      throw new Error(`user "${name}" has a username and a token: only one of them can be used`);
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }
  if (tokenFile === undefined) return token === undefined ? undefined : `Bearer ${token.trim()}`;
  try {
    return `Bearer ${await tokenIn(tokenFile)}`;
  } catch (error) {
    if (token === undefined) throw error;
    return `Bearer ${token.trim()}`;
  }
}

/** Trimmed: a token file may end with a newline. */
async function tokenIn(file: string): Promise<string> {
  const token = (await readNamed(file, "tokenFile")).toString("utf8").trim();
  if (token === "") throw new Error(`the token is empty: tokenFile ${file}`);
  return token;
}

function impersonationHeaders({ user, uid, groups, extra }: Impersonation): RequestHeaders {
  return {
    ...(user !== undefined && { "Impersonate-User": user }),
    ...(uid !== undefined && { "Impersonate-Uid": uid }),
    ...(groups.length > 0 && { "Impersonate-Group": [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`Impersonate-Extra-${encodeURIComponent(key)}`, [...values]]),
    ),
  };
}
