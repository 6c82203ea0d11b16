import { mkdir, readdir, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { Failure, messageOf } from "../failure.ts";
import { CERTIFICATE_FILE, KEY_FILE } from "./certificate.ts";

/** The file with the CA that clients trust: curl's `--cacert`, a webhook configuration's `caBundle`. */
export const CA_FILE = "ca.crt";

/** The names by which this machine calls itself. */
export const LOCAL_HOSTS = ["localhost", "127.0.0.1", "::1"];

const DAY = 24 * 60 * 60 * 1_000;
/** For local use: long enough to be forgotten, shorter than the 398 days that clients accept. */
const LIFETIME = 365 * DAY;
/** Clocks of containers and virtual machines differ. */
const CLOCK_SKEW = 60 * 60 * 1_000;

/** A CA made for one certificate, and that certificate with its key; PEM. The CA's key is not kept. */
export interface SelfSigned {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A new CA and a serving certificate for these DNS names and IP addresses. */
export async function selfSigned(hosts: readonly string[], now: Date): Promise<SelfSigned> {
  const common = {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(now.getTime() - CLOCK_SKEW),
    notAfterDate: new Date(now.getTime() + LIFETIME),
  } as const;
  const ca = await generate([{ name: "commonName", value: "vm-image-webhook local CA" }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: "commonName", value: "vm-image-webhook" }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: hosts.map((host) => (isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host })),
      },
    ],
  });
  return { ca: ca.cert, cert: leaf.cert, key: leaf.private };
}

/** Writes the three files into a folder that has none of them; the key is for its owner only. */
export async function writeSelfSigned(directory: string, { ca, cert, key }: SelfSigned): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    const present = (await readdir(directory)).filter((file) => [KEY_FILE, CERTIFICATE_FILE, CA_FILE].includes(file));
    if (present.length > 0) throw new Error(`${present.join(" and ")} there already`);
    await writeFile(join(directory, KEY_FILE), key, { mode: 0o600, flag: "wx" });
    await writeFile(join(directory, CERTIFICATE_FILE), cert, { flag: "wx" });
    await writeFile(join(directory, CA_FILE), ca, { flag: "wx" });
  } catch (error) {
    const remedy = "certificates are not overwritten; remove the old ones first";
    throw new Failure("certificate", `cannot write to ${directory}: ${messageOf(error)} (${remedy})`, { cause: error });
  }
}

/** Whether a folder has neither a certificate nor a key: one of two is a mistake, not an invitation. */
export async function hasNoCertificate(directory: string): Promise<boolean> {
  try {
    const files = await readdir(directory);
    return !files.includes(CERTIFICATE_FILE) && !files.includes(KEY_FILE);
  } catch {
    return true;
  }
}
