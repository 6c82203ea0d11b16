import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { generate } from "selfsigned";

/**
 * Milliseconds by which notBefore is set back. It tolerates clock skew: a client whose clock is behind would refuse a
 * new certificate.
 */
export const CLOCK_SKEW = 60 * 60 * 1_000;

/** Random bytes in a CA's name. They make it unique: clients look for an issuer by name. */
const NAME_BYTES = 4;

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** When a certificate is issued, and when it expires. */
export interface Period {
  readonly now: Date;
  readonly end: Date;
}

/** Issues an ECDSA CA that may sign serving certificates, but no other CA. */
export async function issueCa(name: string, { now, end }: Period): Promise<KeyPair> {
  const made = await generate([{ name: "commonName", value: `${name} ${randomBytes(NAME_BYTES).toString("hex")}` }], {
    ...ECDSA,
    ...datesOf({ now, end }),
    extensions: [
      { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Issues an ECDSA serving certificate with a new key, for these DNS names and IP addresses. */
export async function issueServing(ca: KeyPair, hosts: readonly string[], period: Period): Promise<KeyPair> {
  const made = await generate([{ name: "commonName", value: "vm-image-webhook" }], {
    ...ECDSA,
    ...datesOf(period),
    ca: { key: ca.key, cert: ca.cert },
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
  return { cert: made.cert, key: made.private };
}

const ECDSA = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;

function datesOf({ now, end }: Period): { notBeforeDate: Date; notAfterDate: Date } {
  return { notBeforeDate: new Date(now.getTime() - CLOCK_SKEW), notAfterDate: end };
}
