import { X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Every certificate of a PEM text, in order. Throws an Error if one cannot be parsed, or if there is none. */
export function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = text.match(BLOCK);
  if (blocks === null) throw new Error("it has no certificate");
  return blocks.map((block) => new X509Certificate(block));
}
