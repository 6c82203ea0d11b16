import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "../common/failure.ts";
import { CA_FILE, CERTIFICATE_FILE, KEY_FILE } from "./certificate.ts";
import { issueCa, issueServing, type KeyPair } from "./issue.ts";

/** The names of this machine for its own clients. */
export const LOCAL_HOSTS = ["localhost", "127.0.0.1", "::1"];

const DAY = 24 * 60 * 60 * 1_000;
/** A local certificate should not expire during use. Clients accept 398 days at most. */
const LIFETIME = 365 * DAY;

/** A serving certificate with its key and the CA that signed only it, in PEM. The CA's key is not kept. */
export interface SelfSigned extends KeyPair {
  readonly ca: string;
}

/** Issues a CA and a serving certificate for these DNS names and IP addresses. */
export async function selfSigned(hosts: readonly string[], now: Date): Promise<SelfSigned> {
  const period = { now, end: new Date(now.getTime() + LIFETIME) };
  const ca = await issueCa("vm-image-webhook local CA", period);
  return { ca: ca.cert, ...(await issueServing(ca, hosts, period)) };
}

/** Writes the three files into a folder that has none of them. Only the owner may read the key. */
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

/**
 * Whether a folder has neither a certificate nor a key. A folder with only one of them is a mistake, and is left as it
 * is.
 */
export async function hasNoCertificate(directory: string): Promise<boolean> {
  try {
    const files = await readdir(directory);
    return !files.includes(CERTIFICATE_FILE) && !files.includes(KEY_FILE);
  } catch {
    return true;
  }
}
