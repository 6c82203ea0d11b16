import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

/** What `readText` may read, and until when. */
export interface ReadLimits {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

const UTF8_MARK = [0xef, 0xbb, 0xbf];
const UTF16_LITTLE_ENDIAN_MARK = [0xff, 0xfe];
const UTF16_BIG_ENDIAN_MARK = [0xfe, 0xff];
const ENCODINGS = [
  { mark: UTF8_MARK, encoding: "utf-8" },
  { mark: UTF16_LITTLE_ENDIAN_MARK, encoding: "utf-16le" },
  { mark: UTF16_BIG_ENDIAN_MARK, encoding: "utf-16be" },
] as const;

/** Decodes UTF-8, or UTF-16 with a byte order mark, as kubectl does. The mark is left out. */
export function decodeText(bytes: Uint8Array): string {
  const marked = ENCODINGS.find(({ mark }) => mark.every((byte, position) => bytes[position] === byte));
  return new TextDecoder(marked?.encoding ?? "utf-8").decode(bytes);
}

/**
 * The bytes of a text in the encoding of the bytes that it was decoded from, with their mark. Undefined where those are not
 * UTF-8: then decoding may have lost something.
 */
export function encodeAsUtf8(text: string, decodedFrom: Uint8Array): Uint8Array | undefined {
  const mark = UTF8_MARK.every((byte, position) => decodedFrom[position] === byte) ? UTF8_MARK : [];
  const encode = (each: string): Buffer => Buffer.concat([Buffer.from(mark), Buffer.from(each)]);
  return encode(decodeText(decodedFrom)).equals(decodedFrom) ? encode(text) : undefined;
}

/**
 * Reads a file, or what can be read once, such as a pipe. Throws an error that says why it cannot be read: also for a
 * folder, and for more bytes than the limit, before they are read where the size is known.
 */
export async function readText(path: string, limits: ReadLimits): Promise<string> {
  return decodeText(await readBytes(path, limits));
}

/** The same without decoding. */
export async function readBytes(path: string, limits: ReadLimits): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw new Error("it is a folder");
    if (!status.isFile()) return await collectBytes(createReadStream("", { fd: file }), limits);
    refuseSize(status.size, limits.maxBytes);
    return await file.readFile({ signal: limits.signal });
  } finally {
    await file.close();
  }
}

/** The bytes of a stream. Throws an error once there are more than the limit. */
export async function collectBytes(stream: AsyncIterable<Uint8Array>, limits: ReadLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    limits.signal?.throwIfAborted();
    size += chunk.length;
    refuseSize(size, limits.maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseSize(size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  const mebibytes = Math.floor(maxBytes / 2 ** 20);
  throw new Error(`it has more than ${mebibytes} MiB, the most that is read of one file; split it`);
}
