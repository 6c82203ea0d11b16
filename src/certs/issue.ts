import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { generate } from "selfsigned";

/**
 * Milliseconds by which a certificate is older than it is: clocks of containers and machines differ, and whose clock is
 * behind would take a new one for not valid yet.
 */
export const CLOCK_SKEW = 60 * 60 * 1_000;

/** Bytes that tell CAs of one name apart: a client that looks for an issuer by name finds one. */
const NAME_BYTES = 4;

/** A certificate and its key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** When a certificate is made, and when it ends. */
export interface Period {
  readonly now: Date;
  readonly end: Date;
}

/** A new CA, which signs serving certificates and no other CA; ECDSA. */
export async function issueAuthority(name: string, { now, end }: Period): Promise<KeyPair> {
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

/** A new key, and a serving certificate for these DNS names and IP addresses; ECDSA. */
export async function issueServing(authority: KeyPair, hosts: readonly string[], period: Period): Promise<KeyPair> {
  const made = await generate([{ name: "commonName", value: "vm-image-webhook" }], {
    ...ECDSA,
    ...datesOf(period),
    ca: { key: authority.key, cert: authority.cert },
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
