import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { messageOf } from "../../common/failure.ts";
import type { TlsMaterial } from "../credentials.ts";
import type { ClusterEntry, FileOrData, UserEntry } from "./kubeconfig.ts";
import { readProblem } from "./load.ts";

const PEM = "-----BEGIN ";

/** What a context has for TLS. Throws an Error that names the field and the file. */
export async function tlsOf(cluster: ClusterEntry, user: UserEntry | undefined): Promise<TlsMaterial> {
  const ca = await pemOf(cluster.ca);
  return checked({
    ...(ca && { ca }),
    ...(user && (await clientCertificate(user))),
    ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify && { rejectUnauthorized: false }),
  });
}

async function clientCertificate({ name, certificate, key: ofKey }: UserEntry): Promise<TlsMaterial> {
  const cert = await pemOf(certificate);
  const key = await pemOf(ofKey);
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined) throw new Error(`user "${name}" has a client-key, and no client-certificate`);
  if (key === undefined) throw new Error(`user "${name}" has a client-certificate, and no client-key`);
  return { cert, key };
}

/** Throws an Error for material that no connection could use. */
export function checked(tls: TlsMaterial): TlsMaterial {
  try {
    createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key });
  } catch (error) {
    throw new Error(`the CA, client certificate or client key cannot be used: ${messageOf(error)}`, { cause: error });
  }
  return tls;
}

async function pemOf({ field, file, data }: FileOrData): Promise<Buffer | undefined> {
  if (data === undefined && file === undefined) return undefined;
  const [name, where] = data === undefined ? [field, `: ${file ?? ""}`] : [`${field}-data`, ""];
  const bytes = data === undefined ? await readNamed(file ?? "", field) : Buffer.from(data, "base64");
  if (bytes.length === 0) throw new Error(`the ${name} is empty${where}`);
  if (!bytes.includes(PEM)) throw new Error(`the ${name} has no PEM block (${PEM}...)${where}`);
  return bytes;
}

/** Reads a file that a field names. */
export async function readNamed(file: string, field: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`cannot read the ${field} ${file}: ${readProblem(error)}`, { cause: error });
  }
}
