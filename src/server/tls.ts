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

/** Who serves, and who may call. */
export interface Tls extends Certificate {
  readonly minVersion?: TlsVersion | undefined;
  /** CAs that a caller's certificate must come from, PEM; undefined lets everybody call. */
  readonly clientCa?: string | undefined;
  /** Names, one of which a caller's certificate must have; none lets every certificate of the CAs call. */
  readonly clientNames?: readonly string[];
}

/** Forward secrecy and AEAD only: without a list of our own Node offers TLS 1.2 suites that have neither. */
const CIPHERS =
  "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20";

/** For `https` of Fastify. Only HTTP/1.1: it is what the API server speaks to webhooks (kubernetes issue 75791). */
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

/** New connections are made with this; those that are open live on as they were made. */
export function renewTls(server: FastifyInstance, tls: Tls): void {
  const { server: https } = server as { readonly server: unknown };
  if (!(https instanceof Server)) throw new TypeError("the server has no TLS to renew");
  https.setSecureContext(contextOf(tls));
}

/**
 * A running server takes all of these anew, so they are all said each time. The keys of session tickets are new, too: no
 * session of before is resumed, which would pass by a client CA that was taken away.
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

/** Only callers with one of these names; that their certificate is of the client CA was verified in the handshake. */
export function admitNamed(server: FastifyInstance, names: readonly string[]): void {
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

/** Every common name and DNS name of the caller's certificate. */
function namesOf(socket: unknown): readonly string[] {
  if (!(socket instanceof TLSSocket)) return [];
  const certificate = socket.getPeerX509Certificate()?.toLegacyObject();
  if (certificate === undefined) return [];
  const common: unknown[] = [certificate.subject.CN].flat();
  return [...common.filter((name) => typeof name === "string"), ...dnsNames(certificate.subjectaltname ?? "")];
}

/** Of a list as Node prints it: `DNS:a, IP Address:1.2.3.4`. A name with a comma is quoted there, and no DNS name. */
function dnsNames(alternatives: string): readonly string[] {
  const unquoted = alternatives.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return unquoted.split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice("DNS:".length)] : []));
}
