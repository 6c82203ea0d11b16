import { createHash } from "node:crypto";

/** Hex digits of a digest. */
export const DIGEST_LENGTHS = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;
export type DigestType = keyof typeof DIGEST_LENGTHS;

/** The digests that Metal3 takes; CDI, the importer of KubeVirt, takes sha1, too. */
export const METAL3_DIGESTS = ["md5", "sha256", "sha512"] as const satisfies readonly DigestType[];

const HEX = /^[0-9a-f]+$/i;
/** With the beginning of a host, for a browser's URL parser would find one in `https:///path`, too. */
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/[^/?#]/i;

/** The digests of an empty file, which samples often have and no image has. */
const EMPTY_DIGESTS: ReadonlyMap<string, DigestType> = new Map(
  (Object.keys(DIGEST_LENGTHS) as DigestType[]).map((type) => [createHash(type).digest("hex"), type]),
);

export function isDigestType(text: string): text is DigestType {
  return Object.hasOwn(DIGEST_LENGTHS, text);
}

/** Why this is no hex digest of one of these types; undefined where it is. Letter case does not matter. */
export function whyNoDigest(text: string, types: readonly DigestType[]): string | undefined {
  if (!HEX.test(text)) return "has characters that are no hex digits";
  if (types.some((type) => DIGEST_LENGTHS[type] === text.length)) return undefined;
  const lengths = types.map((type) => `${type} has ${DIGEST_LENGTHS[type]}`).join(", ");
  return `has ${text.length} hex digit${text.length === 1 ? "" : "s"}; ${lengths}`;
}

/** The type of this digest where it is the digest of an empty file. */
export function emptyDigest(hex: string): DigestType | undefined {
  return EMPTY_DIGESTS.get(hex.trim().toLowerCase());
}

/** The scheme, in lower case, of an absolute URL with a host; undefined for anything else. */
export function schemeOf(text: string): string | undefined {
  const [, scheme] = SCHEME.exec(text) ?? [];
  if (scheme === undefined || /\s/.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).host === "" ? undefined : scheme.toLowerCase();
}

export function isHttpUrl(text: string): boolean {
  const scheme = schemeOf(text);
  return scheme === "http" || scheme === "https";
}
