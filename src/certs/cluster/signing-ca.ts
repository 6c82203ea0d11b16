import { createPrivateKey, X509Certificate } from "node:crypto";
import { messageOf } from "../../common/failure.ts";
import { textAt } from "../../common/json.ts";
import type { KeyPair } from "../issue.ts";

/** A CA that signs serving certificates. */
export interface Authority extends KeyPair {
  /** SHA-256 of the certificate. */
  readonly id: string;
  /** For people: its common name. */
  readonly name: string;
  readonly notAfter: Date;
  /** When both configurations were first known to have it in `caBundle`; undefined before. */
  readonly published: Date | undefined;
}

/** The key of the Secret that counts: a JSON list, oldest first, of `{cert, key, published}`. */
export const AUTHORITIES_KEY = "authorities.json";
/** Beside it, for people and other programs: the certificates alone, as in `caBundle`. */
export const BUNDLE_KEY = "ca.crt";

/** What a Secret has, with what of it cannot be used. */
export interface StoredAuthorities {
  /** Oldest first. */
  readonly authorities: readonly Authority[];
  readonly problems: readonly string[];
}

/** Throws an Error that says what is wrong, and never shows a key. */
export function authorityOf({ cert, key }: KeyPair, published?: Date): Authority {
  const certificate = new X509Certificate(cert);
  if (!certificate.ca) throw new Error(`${certificate.subject} is no CA`);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("the key is not the certificate's");
  return {
    // As the certificate writes itself: what else stood in the text is gone.
    cert: certificate.toString(),
    key,
    id: certificate.fingerprint256,
    name: certificate.subject.replace(/^CN=/, ""),
    notAfter: certificate.validToDate,
    published,
  };
}

/** The data of a Secret, in base64. An absent or empty list is no problem: it is not written yet. */
export function decodeAuthorities(data: Readonly<Record<string, string>>): StoredAuthorities {
  const text = Buffer.from(data[AUTHORITIES_KEY] ?? "", "base64").toString("utf8");
  if (text.trim() === "") return { authorities: [], problems: [] };
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return { authorities: [], problems: [`${AUTHORITIES_KEY} is no JSON`] };
  }
  if (!Array.isArray(list)) return { authorities: [], problems: [`${AUTHORITIES_KEY} is no list`] };
  const authorities = new Map<string, Authority>();
  const problems: string[] = [];
  for (const [index, entry] of (list as readonly unknown[]).entries()) {
    try {
      const authority = entryOf(entry);
      authorities.set(authority.id, authority);
    } catch (error) {
      problems.push(`${AUTHORITIES_KEY}[${index}]: ${messageOf(error)}`);
    }
  }
  return { authorities: [...authorities.values()], problems };
}

/** The data of a Secret, in base64. */
export function encodeAuthorities(authorities: readonly Authority[]): Readonly<Record<string, string>> {
  const list = authorities.map(({ cert, key, published }) => ({ cert, key, published: published?.toISOString() }));
  return { [AUTHORITIES_KEY]: base64(JSON.stringify(list, undefined, 1)), [BUNDLE_KEY]: base64(bundleOf(authorities)) };
}

/** The certificates of these CAs, PEM: what clients trust. */
export function bundleOf(authorities: readonly Authority[]): string {
  return authorities.map(({ cert }) => cert).join("");
}

export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function entryOf(entry: unknown): Authority {
  const published = textAt(entry, ["published"]);
  const date = published === "" ? undefined : new Date(published);
  if (Number.isNaN(date?.getTime())) throw new Error("published is no time");
  return authorityOf({ cert: textAt(entry, ["cert"]), key: textAt(entry, ["key"]) }, date);
}
