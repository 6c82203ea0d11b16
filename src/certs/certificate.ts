import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "../failure.ts";

/** The file names of a kubernetes.io/tls Secret, which kubelet mounts so. */
export const CERTIFICATE_FILE = "tls.crt";
export const KEY_FILE = "tls.key";

/** A serving certificate with its chain and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Reads a key pair that can serve now; a Failure says what is wrong with it. */
export async function readCertificate(directory: string, now: Date): Promise<Certificate> {
  const [cert, key] = await Promise.all([read(directory, CERTIFICATE_FILE), read(directory, KEY_FILE)]);
  const leaf = parse(directory, CERTIFICATE_FILE, () => new X509Certificate(cert));
  const privateKey = parse(directory, KEY_FILE, () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new Failure("certificate", `${KEY_FILE} in ${directory} is not the key of ${CERTIFICATE_FILE}`);
  }
  if (leaf.validFromDate > now) {
    throw new Failure("certificate", `${CERTIFICATE_FILE} in ${directory} is not valid before ${leaf.validFrom}`);
  }
  if (leaf.validToDate <= now) {
    const remedy = "remove the files and start with --self-signed, or bring a new certificate";
    throw new Failure("certificate", `${CERTIFICATE_FILE} in ${directory} expired at ${leaf.validTo}; ${remedy}`);
  }
  return { cert, key };
}

/** When the serving certificate, the first of its chain, ceases to be valid. */
export function expiryOf({ cert }: Certificate): Date {
  return new X509Certificate(cert).validToDate;
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

function parse<T>(directory: string, file: string, construct: () => T): T {
  try {
    return construct();
  } catch (error) {
    throw new Failure("certificate", `${file} in ${directory} is not PEM that can be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
