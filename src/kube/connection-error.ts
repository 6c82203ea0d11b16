import { messageOf } from "../common/failure.ts";
import { ApiError } from "./api-error.ts";

/**
 * Errors of a connection that another try does not heal, by the code of Node, and what they mean. The others, such as a
 * connection that breaks, may be gone a moment later.
 */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at the address",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name cannot be looked up",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the network",
  ERR_PROXY_TUNNEL: "the proxy refuses the connection",
  ERR_PROXY_INVALID_CONFIG: "the proxy cannot be used",
  EPROTO: "the server does not speak TLS as expected",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS; is its address http://?",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for other names; tls-server-name of the cluster can name one",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is of another CA than the kubeconfig's",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is of another CA than the kubeconfig's",
  UNABLE_TO_GET_ISSUER_CERT: "the server's certificate is of another CA than the kubeconfig's",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is of another CA than the kubeconfig's",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is of another CA than the kubeconfig's",
  CERT_SIGNATURE_FAILURE: "the server's certificate is of another CA than the kubeconfig's",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the server wants a client certificate",
};

/** The error of a request that got no answer, or only a part of one. */
export function connectionError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const code = codeOf(error);
  const message = messageOf(error) || code;
  const why = UNREACHABLE[code];
  return why === undefined
    ? new ApiError("connection", message, { cause: error })
    : new ApiError("unreachable", `${why} (${message})`, { cause: error });
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
