import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "../common/failure.ts";
import { CA_FILE, CERTIFICATE_FILE, KEY_FILE } from "./certificate.ts";
import { issueAuthority, issueServing, type KeyPair } from "./issue.ts";

/** The names by which this machine calls itself. */
export const LOCAL_HOSTS = ["localhost", "127.0.0.1", "::1"];

const DAY = 24 * 60 * 60 * 1_000;
/** For local use: long enough to be forgotten, shorter than the 398 days that clients accept. */
const LIFETIME = 365 * DAY;

/** A CA made for one certificate, and that certificate with its key; PEM. The CA's key is not kept. */
export interface SelfSigned extends KeyPair {
  readonly ca: string;
}

/** A new CA and a serving certificate for these DNS names and IP addresses. */
export async function selfSigned(hosts: readonly string[], now: Date): Promise<SelfSigned> {
  const period = { now, end: new Date(now.getTime() + LIFETIME) };
  const authority = await issueAuthority("vm-image-webhook local CA", period);
  return { ca: authority.cert, ...(await issueServing(authority, hosts, period)) };
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
