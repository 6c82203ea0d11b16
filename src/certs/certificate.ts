import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { Failure, messageOf } from "../common/failure.ts";
import { certificatesIn } from "./pem.ts";

/** The keys of a kubernetes.io/tls Secret, which are file names where it is mounted. */
export const CERTIFICATE_FILE = "tls.crt";
export const KEY_FILE = "tls.key";
/** The CA that clients trust: for curl's `--cacert`, or `caBundle` of a webhook configuration. */
export const CA_FILE = "ca.crt";

/** A serving certificate with its chain and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The files of a folder with a certificate, as text; `ca` is undefined if there is none. */
export interface CertificateFiles extends Certificate {
  readonly ca: string | undefined;
}

export interface Requirements {
  readonly now: Date;
  /** DNS names and IP addresses under which clients call the webhook. */
  readonly hosts: readonly string[];
}

export async function readCertificateFiles(directory: string): Promise<CertificateFiles> {
  const [cert, key, ca] = await Promise.all([
    read(directory, CERTIFICATE_FILE),
    read(directory, KEY_FILE),
    readFile(join(directory, CA_FILE), "utf8").catch(() => undefined),
  ]);
  return { cert, key, ca };
}

/** Checks that a key pair can serve now. Throws a Failure that names the wrong file. */
export function checkCertificate(directory: string, files: CertificateFiles, requirements: Requirements): Certificate {
  const { cert, key } = files;
  const place = (file: string): string => `${file} in ${directory}`;
  const [leaf, ...chain] = parse(place(CERTIFICATE_FILE), () => certificatesIn(cert));
  if (ENCRYPTED_KEY.test(key)) {
    throw wrong(`${place(KEY_FILE)} is encrypted; write it without a passphrase: openssl pkey -in ${KEY_FILE}`);
  }
  const privateKey = parse(place(KEY_FILE), () => createPrivateKey(key));
  if (leaf === undefined) throw wrong(`${place(CERTIFICATE_FILE)} is not PEM that can be used: it has no certificate`);
  if (!leaf.checkPrivateKey(privateKey)) throw wrong(`${place(KEY_FILE)} is not the key of ${CERTIFICATE_FILE}`);
  checkDates(place(CERTIFICATE_FILE), leaf, requirements.now);
  checkUse(place(CERTIFICATE_FILE), leaf);
  checkHosts(place(CERTIFICATE_FILE), leaf, requirements.hosts);
  // cert-manager leaves ca.crt empty if the issuer has no CA certificate.
  if (files.ca?.trim()) checkChain(directory, [leaf, ...chain], { ca: files.ca, now: requirements.now });
  return { cert, key };
}

/** When the serving certificate, the first of its chain, expires. */
export function expiryOf({ cert }: Certificate): Date {
  return new X509Certificate(cert).validToDate;
}

function checkDates(
  what: string,
  { validFromDate, validFrom, validToDate, validTo }: X509Certificate,
  now: Date,
): void {
  if (validFromDate > now) throw wrong(`${what} is not valid before ${validFrom}`);
  if (validToDate > now) return;
  const remedy = "remove the files and start with --self-signed, or bring a new certificate";
  throw wrong(`${what} expired at ${validTo}; ${remedy}`);
}

/** PKCS #8, and the older form of OpenSSL. */
const ENCRYPTED_KEY = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** Object identifiers of the extended key usages serverAuth and anyExtendedKeyUsage (RFC 5280, 4.2.1.12). */
const SERVER_USES = ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"];

/** An API server does not connect to a server with a certificate for another use (Go crypto/x509 Verify). */
function checkUse(what: string, { keyUsage: extendedKeyUsage }: X509Certificate): void {
  // Node calls the extended key usage `keyUsage`; it is undefined for a certificate without one, which allows every use.
  const uses = extendedKeyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.some((use) => SERVER_USES.includes(use))) {
    throw wrong(`${what} is not for servers: its extended key usage lacks serverAuth; bring a server certificate`);
  }
}

function checkHosts(what: string, leaf: X509Certificate, hosts: readonly string[]): void {
  const names = leaf.subjectAltName;
  if (names === undefined) {
    const why = "has no subject alternative name, and API servers do not read the common name";
    throw wrong(`${what} ${why}; bring one with the name of the Service as a DNS name`);
  }
  const missing = hosts.filter(
    (host) => (isIP(host) === 0 ? leaf.checkHost(host, SAN_ONLY) : leaf.checkIP(host)) === undefined,
  );
  if (missing.length === 0) return;
  throw wrong(`${what} is not for ${missing.join(", ")}, by which it is called (--cert-host); it is for ${names}`);
}

/** Ignores the common name, as Go's verifier does. */
const SAN_ONLY = { subject: "never" } as const;

/** Checks that each certificate is signed by the next one, and the last one by a CA of the file. */
function checkChain(
  directory: string,
  chain: readonly X509Certificate[],
  { ca, now }: { readonly ca: string; readonly now: Date },
): void {
  const authorities = parse(`${CA_FILE} in ${directory}`, () => certificatesIn(ca));
  const signedBy = (issuer: X509Certificate) => (each: X509Certificate) =>
    each.checkIssued(issuer) && each.verify(issuer.publicKey);
  let last = chain[0];
  for (const next of chain.slice(1)) {
    if (last === undefined || !signedBy(next)(last)) break;
    last = next;
  }
  const top = last;
  if (top === undefined) return;
  const issuers = authorities.filter((each) => each.fingerprint256 === top.fingerprint256 || signedBy(each)(top));
  if (issuers.length === 0) {
    const why = `${CERTIFICATE_FILE} in ${directory} does not lead to a CA of ${CA_FILE}: `;
    throw wrong(`${why}its issuer ${oneLine(top.issuer)} is in neither; add the intermediate certificate, or the CA`);
  }
  const ended = issuers.find(({ validToDate }) => validToDate <= now);
  if (ended === undefined || issuers.some(({ validToDate }) => validToDate > now)) return;
  throw wrong(
    `the CA ${oneLine(ended.subject)} (${CA_FILE} in ${directory}) expired at ${ended.validTo}; bring a new one`,
  );
}

function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}

async function read(directory: string, file: string): Promise<string> {
  try {
    return await readFile(join(directory, file), "utf8");
  } catch (error) {
    const remedy = "--cert-dir needs tls.crt and tls.key; --self-signed makes both where neither is there";
    throw new Failure("certificate", `cannot read ${file} in ${directory}: ${messageOf(error)}; ${remedy}`, {
      cause: error,
    });
  }
}

function parse<T>(what: string, construct: () => T): T {
  try {
    return construct();
  } catch (error) {
    throw new Failure("certificate", `${what} is not PEM that can be used: ${messageOf(error)}`, { cause: error });
  }
}

function wrong(message: string): Failure {
  return new Failure("certificate", message);
}
