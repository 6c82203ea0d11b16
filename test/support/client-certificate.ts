import { generate } from "selfsigned";
import { issueCa, type KeyPair } from "../../src/certs/issue.ts";

const HOUR = 3_600_000;

export function clientAuthority(): Promise<KeyPair> {
  return issueCa("client CA", { now: new Date(), end: new Date(Date.now() + HOUR) });
}

/** A certificate for a caller with this common name and these DNS names. */
export async function clientCertificate(ca: KeyPair, name: string, hosts: readonly string[] = []): Promise<KeyPair> {
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    ...{ keyType: "ec", algorithm: "sha256", ca, notAfterDate: new Date(Date.now() + HOUR) },
    extensions: [
      { name: "extKeyUsage", clientAuth: true },
      { name: "subjectAltName", altNames: hosts.map((value) => ({ type: 2, value })) },
    ],
  });
  return { cert, key };
}
