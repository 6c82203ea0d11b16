import type { FastifyInstance } from "fastify";
import { constants } from "node:crypto";
import { Server, type ServerOptions } from "node:https";
import { type SecureContextOptions, type SecureVersion, TLSSocket } from "node:tls";
import type { Certificate } from "../certs/certificate.ts";
import { clientText } from "./client-text.ts";
import { CONNECTIONS_CHECKING_INTERVAL, HANDSHAKE_TIMEOUT, HEADERS_TIMEOUT } from "./limits.ts";
import { plainText } from "./plain-text.ts";

const TLS_VERSIONS = { "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const satisfies Readonly<Record<string, SecureVersion>>;
export type TlsVersion = keyof typeof TLS_VERSIONS;

/** The serving certificate, and which clients may call. */
export interface Tls extends Certificate {
  readonly minVersion?: TlsVersion | undefined;
  /** PEM. A client needs a certificate from one of these CAs; undefined accepts every client. */
  readonly clientCa?: string | undefined;
  /** A client's certificate needs one of these names; an empty list accepts every certificate of the CAs. */
  readonly clientNames?: readonly string[];
}

/** Forward secrecy and AEAD only: Node's default list has TLS 1.2 suites with neither. */
const CIPHERS =
  "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20";

/** The option `https` of Fastify. HTTP/1.1 only, because the API server uses it for webhooks (kubernetes issue 75791). */
export function serverTls(tls: Tls): ServerOptions {
  return {
    ...contextOf(tls),
    ALPNProtocols: ["http/1.1"],
    requestCert: tls.clientCa !== undefined,
    rejectUnauthorized: tls.clientCa !== undefined,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    headersTimeout: HEADERS_TIMEOUT,
    connectionsCheckingInterval: CONNECTIONS_CHECKING_INTERVAL,
  };
}

/** Applies to new connections. Open connections keep their settings. */
export function renewTls(server: FastifyInstance, tls: Tls): void {
  const { server: https } = server as { readonly server: unknown };
  if (!(https instanceof Server)) throw new TypeError("the server has no TLS to renew");
  https.setSecureContext(contextOf(tls));
}

/**
 * setSecureContext replaces every option, so pass all of them each time. It also replaces the keys of session tickets. So
 * no older session is resumed, which would bypass a client CA that was removed.
 */
function contextOf({ cert, key, clientCa, minVersion = "1.2" }: Tls): SecureContextOptions {
  return {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    minVersion: TLS_VERSIONS[minVersion],
    ciphers: CIPHERS,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/** Refuses clients without one of these names. The handshake has verified that their certificate is from the client CA. */
export function requireClientName(server: FastifyInstance, names: readonly string[]): void {
  if (names.length === 0) return;
  server.addHook("onRequest", (request, reply, done) => {
    const found = namesOf(request.raw.socket);
    if (found.some((name) => names.includes(name))) done();
    else
      void plainText(
        reply,
        403,
        `the client certificate is for ${clientText(found.join(", ")) || "no name"}, not for ${names.join(" or ")}`,
      );
  });
}

/** All common names and DNS names of the client's certificate. */
function namesOf(socket: unknown): readonly string[] {
  if (!(socket instanceof TLSSocket)) return [];
  const certificate = socket.getPeerX509Certificate()?.toLegacyObject();
  if (certificate === undefined) return [];
  const common: unknown[] = [certificate.subject.CN].flat();
  return [...common.filter((name) => typeof name === "string"), ...dnsNames(certificate.subjectaltname ?? "")];
}

/** The DNS names of a list such as `DNS:a, IP Address:1.2.3.4`. Node quotes names with a comma, which are no DNS names. */
function dnsNames(alternatives: string): readonly string[] {
  const unquoted = alternatives.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return unquoted.split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice("DNS:".length)] : []));
}
