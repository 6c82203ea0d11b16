import { createPrivateKey, X509Certificate } from "node:crypto";
import { messageOf } from "../../common/failure.ts";
import { textAt, textOrNothing } from "../../common/json.ts";
import type { KeyPair } from "../issue.ts";

/** A CA that signs serving certificates. */
export interface SigningCa extends KeyPair {
  /** SHA-256 fingerprint of the certificate. */
  readonly id: string;
  /** The common name. */
  readonly name: string;
  readonly notAfter: Date;
  /** When `caBundle` of every configuration was first seen to have it; undefined before. */
  readonly published: Date | undefined;
}

/** The key of the Secret that the webhook reads: a JSON list of `{cert, key, published}`, oldest first. */
export const CAS_KEY = "authorities.json";
/** The key of the Secret with the certificates alone, as in `caBundle`, for people and other programs. */
export const BUNDLE_KEY = "ca.crt";

/** The valid CAs of a Secret, and the problems of its other entries. */
export interface StoredCas {
  /** Oldest first. */
  readonly cas: readonly SigningCa[];
  readonly problems: readonly string[];
}

/** Throws an Error if certificate and key are no CA. Its message never shows the key. */
export function signingCaOf({ cert, key }: KeyPair, published?: Date): SigningCa {
  const certificate = new X509Certificate(cert);
  if (!certificate.ca) throw new Error(`${certificate.subject} is no CA`);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("the key is not the certificate's");
  return {
    // The PEM of the certificate alone, without other text around it.
    cert: certificate.toString(),
    key,
    id: certificate.fingerprint256,
    name: certificate.subject.replace(/^CN=/, ""),
    notAfter: certificate.validToDate,
    published,
  };
}

/** Decodes the data of a Secret, in base64. An absent or empty list is no problem: it is not written yet. */
export function decodeCas(data: Readonly<Record<string, string>>): StoredCas {
  const text = Buffer.from(data[CAS_KEY] ?? "", "base64").toString("utf8");
  if (text.trim() === "") return { cas: [], problems: [] };
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return { cas: [], problems: [`${CAS_KEY} is no JSON`] };
  }
  if (!Array.isArray(list)) return { cas: [], problems: [`${CAS_KEY} is no list`] };
  const cas = new Map<string, SigningCa>();
  const problems: string[] = [];
  for (const [index, entry] of (list as readonly unknown[]).entries()) {
    try {
      const ca = entryOf(entry);
      cas.set(ca.id, ca);
    } catch (error) {
      problems.push(`${CAS_KEY}[${index}]: ${messageOf(error)}`);
    }
  }
  return { cas: [...cas.values()], problems };
}

/** Encodes the data of a Secret, in base64. */
export function encodeCas(cas: readonly SigningCa[]): Readonly<Record<string, string>> {
  const list = cas.map(({ cert, key, published }) => ({ cert, key, published: published?.toISOString() }));
  return { [CAS_KEY]: base64(JSON.stringify(list, undefined, 1)), [BUNDLE_KEY]: base64(bundleOf(cas)) };
}

/** The certificates of these CAs in PEM, as clients need them. */
export function bundleOf(cas: readonly SigningCa[]): string {
  return cas.map(({ cert }) => cert).join("");
}

export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function entryOf(entry: unknown): SigningCa {
  const published = textOrNothing(entry, ["published"]);
  const date = published === undefined ? undefined : new Date(published);
  if (Number.isNaN(date?.getTime())) throw new Error("published is no time");
  return signingCaOf({ cert: textAt(entry, ["cert"]), key: textAt(entry, ["key"]) }, date);
}
