import { at, isJsonObject, type JsonObject, textOrNothing } from "../../common/json.ts";
import type { ClusterEntry, ExecEntry } from "./kubeconfig.ts";

/** What an exec plugin printed. Certificate and key are PEM. */
export interface ExecCredential {
  readonly token: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Undefined: valid until the API server refuses it. */
  readonly expires: Date | undefined;
}

/** A cluster with its CA read, as plugins get it. */
export interface ExecCluster {
  readonly entry: ClusterEntry;
  /** PEM. */
  readonly ca: Buffer | undefined;
}

/**
 * The value of KUBERNETES_EXEC_INFO (k8s.io/client-go pkg/apis/clientauthentication/v1). The cluster is in it where the
 * plugin asks for it by `provideClusterInfo`.
 */
export function execInfo(exec: ExecEntry, { entry, ca }: ExecCluster, interactive: boolean): JsonObject {
  const cluster = {
    server: entry.server,
    "tls-server-name": entry.tlsServerName,
    "insecure-skip-tls-verify": entry.insecureSkipTlsVerify || undefined,
    "certificate-authority-data": ca?.toString("base64"),
    "proxy-url": entry.proxyUrl,
    "disable-compression": entry.disableCompression || undefined,
    config: entry.execConfig,
  };
  return {
    kind: "ExecCredential",
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo ? { cluster } : {}), interactive },
  };
}

/** Throws an Error that says what is wrong with the output, without quoting it: it may have a token. */
export function decodeExecCredential(output: string, { apiVersion }: ExecEntry): ExecCredential {
  const value = parsed(output);
  if (!isJsonObject(value)) throw new Error(output.trim() === "" ? "printed nothing" : "printed no JSON object");
  const printed = textOrNothing(value, ["apiVersion"]) ?? "none";
  if (printed !== apiVersion) throw new Error(`printed apiVersion ${printed}, and the kubeconfig has ${apiVersion}`);
  if (!isJsonObject(at(value, ["status"]))) throw new Error("printed no status: a status with a token is needed");
  const token = textOrNothing(value, ["status", "token"])?.trim();
  const certificate = textOrNothing(value, ["status", "clientCertificateData"]);
  const key = textOrNothing(value, ["status", "clientKeyData"]);
  if ((certificate === undefined) !== (key === undefined))
    throw new Error("printed a status with only one of clientCertificateData and clientKeyData");
  if (token === undefined && certificate === undefined)
    throw new Error("printed a status without a token or client certificate");
  return { token, certificate, key, expires: expiryOf(textOrNothing(value, ["status", "expirationTimestamp"])) };
}

function expiryOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new Error("printed an expirationTimestamp that is no time");
  return date;
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output) as unknown;
  } catch {
    return undefined;
  }
}
